/*---
describe: A charge is not the sum of its parts.
law: [JY-31-2, SD-14, GD-7]
---*/
select
    month,
    setl_id,
    dcla_time,
    widest_charge_gap > fee_sum_tolerance as fails,
    cast(null as varchar) as detail
from claim_row
