/*---
describe: What a hospital adds to the level coefficient of a group (uplifts), for the groups it has any.
grain: [month, phase, fixmedins_code, drg]
partition: month
law: [JY-17-2, SD-19, GD-16]
---*/
select
    p.month,
    p.phase,
    k.fixmedins_code,
    k.drg,
    cast(sum(k.uplift) as decimal(18, 4)) as uplift
from policy.pricing as p
inner join reference.key_specialty as k
    on k.valid_from <= make_date(cast(left(p.month, 4) as integer), 1, 1)
    and (k.valid_to is null or k.valid_to >= make_date(cast(left(p.month, 4) as integer), 1, 1))
group by p.month, p.phase, k.fixmedins_code, k.drg
