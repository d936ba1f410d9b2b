/*---
describe: A long stay of a group that is paid by the day earns the points of a day for each of its days.
law: [JY-14]
---*/
select
    coalesce(b.stay_days >= d.min_days, false) as applies,
    points_of_days(tenthousandths(d.day_points), b.stay_days) as points,
    d.day_points as base_point,
    cast(null as decimal(18, 4)) as coefficient,
    cast(null as decimal(18, 4)) as multiple,
    cast(null as decimal(18, 2)) as level_mean
from basis as b
left join pricing.bed_day_price as d on d.month = b.month and d.drg = b.drg
