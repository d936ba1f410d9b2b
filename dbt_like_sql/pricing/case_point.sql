/*---
describe: The points of each case that its month settles, with everything they were reckoned from.
grain: [month, setl_id]
partition: month
sealed: true
nullable: [base_point, coefficient, multiple, level_mean]
law: [JY-18, JY-32-1, SD-21, SD-25, GD-13, GD-14, GD-21]
---*/
select
    p.month,
    p.setl_id,
    p.dcla_time,
    p.fixmedins_code,
    p.pool,
    p.drg,
    p.category,
    p.fee,
    p.fund,
    p.base_point,
    p.coefficient,
    p.multiple,
    p.level_mean,
    p.overall_mean,
    p.points,
    p.citation
from pricing.version_point as p
inner join quality.claim_status as s
    on s.month = p.month
    and s.setl_id = p.setl_id
    and s.dcla_time = p.dcla_time
    and s.in_month = 1
    and s.status = 'normal'                                                             -- law: JY-31-3
where p.phase = 'month'
