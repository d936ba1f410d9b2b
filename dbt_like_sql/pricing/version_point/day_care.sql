/*---
describe: A stay in day care that has points of its own earns these, whatever it cost.
law: [JY-13]
---*/
select
    coalesce(b.day_care_points is not null, false) as applies,
    b.day_care_points as points,
    b.day_care_points as base_point,
    cast(null as decimal(18, 4)) as coefficient,
    cast(null as decimal(18, 4)) as multiple,
    cast(null as decimal(18, 2)) as level_mean
from basis as b
