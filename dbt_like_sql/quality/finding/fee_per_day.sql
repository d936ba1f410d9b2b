/*---
describe: The fee per day of stay is above the ceiling.
law: [JY-31-2, SD-14, GD-7]
---*/
-- A stay of no night, of dates that contradict each other or of unknown length counts as one day.
select
    month,
    setl_id,
    dcla_time,
    fee > fee_per_day_ceiling * greatest(stay_days, 1) as fails,
    cast(null as varchar) as detail
from claim_row
