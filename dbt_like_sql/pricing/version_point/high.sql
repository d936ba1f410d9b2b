/*---
describe: A case above the high threshold of the level mean earns what its fee is above it, at the price of its group.
when: {points: cost_bands}
law: [JY-18-1-1, GD-14]
---*/
select
    is_above_high(b.compared_fee, b.high_limit) as applies,
    points_of_high(b.base_units, b.coefficient_units, b.compared_fee, b.high_limit, b.mean_numerator) as points
from basis as b
