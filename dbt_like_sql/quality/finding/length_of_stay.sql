/*---
describe: The days of stay are not those between admission and discharge, or more than the ceiling.
law: [JY-41, SD-14, GD-7]
---*/
-- Without uploaded days the ceiling is still asked; without both dates nothing is.
select
    month,
    setl_id,
    dcla_time,
    coalesce(abs(act_ipt_days - stay_days) > los_tolerance, false) or stay_days > stay_days_ceiling as fails,
    cast(null as varchar) as detail
from claim_row
