/*---
describe: The western group whose points a case of Chinese medicine earns has a base point and a coefficient.
guards: pricing.version_point
law: [JY-11]
---*/
select
    t.month,
    t.western_drg,
    min(t.setl_id) as setl_id,
    count(distinct t.setl_id) as cases,
    'tcm_group.csv names a group without a base point, or none' as fault
from pricing.tcm_case as t
inner join pricing.version_point as p
    on p.month = t.month and p.phase = t.phase and p.setl_id = t.setl_id and p.dcla_time = t.dcla_time
where t.mode = 'efficacy' and p.points is null
group by t.month, t.western_drg
