/*---
describe: >-
  A case of Chinese medicine that is paid by its efficacy earns what a normal case of its western group would, and is
  not tested for its cost.
law: [JY-11]
---*/
select
    coalesce(b.tcm_mode = 'efficacy', false) as applies,
    points_of_normal(b.base_units, b.coefficient_units) as points,
    cast(null as decimal(18, 4)) as multiple,
    cast(null as decimal(18, 2)) as level_mean
from basis as b
