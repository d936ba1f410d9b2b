/*---
describe: The total fee is below the floor.
law: [JY-31-2, SD-14, GD-7]
---*/
select
    month,
    setl_id,
    dcla_time,
    fee < fee_floor as fails,
    cast(null as varchar) as detail
from claim_row
