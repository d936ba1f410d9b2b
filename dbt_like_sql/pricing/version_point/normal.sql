/*---
describe: Any other case of a stable group earns the base point at the hospital's coefficient.
law: [JY-18-1-3, SD-21, GD-13]
---*/
select
    b.stability = 'stable' as applies,
    points_of_normal(b.base_units, b.coefficient_units) as points
from basis as b
