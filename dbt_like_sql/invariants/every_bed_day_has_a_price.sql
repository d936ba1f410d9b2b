/*---
describe: A stay that is paid by the day has points of a day - filed, or from the long stays of its group in the history.
guards: pricing.version_point
law: [JY-14]
---*/
select
    p.month,
    p.drg,
    min(p.setl_id) as setl_id,
    count(distinct p.setl_id) as cases,
    'no day_points in bed_day_group.csv, and no long stay in the history' as fault
from pricing.version_point as p
where p.priced_as = 'bed_day' and p.points is null
group by p.month, p.drg
