/*---
describe: The priced versions, each with the clause of its category.
---*/
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
    p.fee,
    p.fund,
    p.base_point,
    p.coefficient,
    p.multiple,
    p.level_mean,
    p.overall_mean,
    p.points,
    t.law as citation
from members as p
left join policy.case_category as t on t.month = p.month and t.phase = p.phase and t.category = p.category
