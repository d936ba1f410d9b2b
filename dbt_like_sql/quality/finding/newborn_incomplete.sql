/*---
describe: A newborn's age in days or admission weight is empty, or the weight is implausible.
law: [JY-41, SD-14, GD-7]
---*/
select
    month,
    setl_id,
    dcla_time,
    case
        when days_at_admission <= newborn_age_days
            then nwb_age is null or nwb_adm_wt is null
                or nwb_adm_wt < newborn_weight_low or nwb_adm_wt > newborn_weight_high
    end as fails,
    cast(null as varchar) as detail
from claim_row
