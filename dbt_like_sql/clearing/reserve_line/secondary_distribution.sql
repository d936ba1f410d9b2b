/*---
describe: What a hospital gets of the reserve's rest.
law: [JY-8]
---*/
select
    year,
    fixmedins_code,
    pool,
    distributed as amount,
    cast(null as varchar) as note
from clearing.secondary_distribution
