/*---
describe: What the months have paid.
law: [JY-32]
---*/
select
    year,
    fixmedins_code,
    pool,
    cast(-paid as decimal(18, 2)) as amount,
    cast(null as varchar) as note
from clearing.hospital_year
