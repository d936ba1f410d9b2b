/*---
describe: >-
  The priced versions, each with the clause of its category. Day care stays day care where it is priced like another
  case of its group.
---*/
with told as (
    select
        p.* replace (
            case when p.is_day_care and p.category not in ('bed_day', 'tcm_value') then 'day_care' else p.category end as category
        ),
        p.category as priced_as
    from members as p
)

select
    p.month,
    p.phase,
    p.setl_id,
    p.dcla_time,
    p.fixmedins_code,
    p.pool,
    p.drg,
    p.level,
    p.stability,
    p.category,
    p.priced_as,
    p.fee,
    p.fund,
    p.base_point,
    p.coefficient,
    p.multiple,
    p.level_mean,
    p.overall_mean,
    p.points,
    t.law as citation
from told as p
left join policy.case_category as t on t.month = p.month and t.phase = p.phase and t.category = p.category
