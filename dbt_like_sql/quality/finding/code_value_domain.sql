/*---
describe: The way of discharge, the kind of stay or a condition on admission is outside its domain.
law: [JY-41, SD-12, SD-14, GD-7]
---*/
select
    month,
    setl_id,
    dcla_time,
    case
        when dscg_way is not null or ipt_med_type is not null or admission_conditions > 0
            then coalesce(dscg_way not in ('1', '2', '3', '4', '5', '9'), false)
                or coalesce(ipt_med_type not in ('1', '2'), false)
                or strange_admission_conditions > 0
    end as fails,
    cast(null as varchar) as detail
from claim_row
