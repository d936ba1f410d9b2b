/*---
describe: What of the surplus under the cap a violation or the assessment withholds.
law: [JY-35-4]
---*/
select
    year,
    fixmedins_code,
    pool,
    cast(-withheld as decimal(18, 2)) as amount,
    cast(null as varchar) as note
from clearing.surplus
