/*---
describe: The overrides of one group in one phase give one base point, and one coefficient and level mean a level.
guards: pricing.group_price
law: [JY-16-3, SD-18-2, GD-13]
---*/
select o.phase, o.drg, o.level, 'rows of group_override.csv contradict each other' as fault
from reference.group_override as o
inner join reference.group_override as p
    on p.drg = o.drg
    and p.phase = o.phase
    and (p.level is null or o.level is null or p.level = o.level)
    and p.valid_from <= coalesce(o.valid_to, date '9999-12-31')
    and o.valid_from <= coalesce(p.valid_to, date '9999-12-31')
where p.base_point <> o.base_point or p.coefficient <> o.coefficient or p.level_mean <> o.level_mean
