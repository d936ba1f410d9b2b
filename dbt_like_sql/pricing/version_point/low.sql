/*---
describe: A case at or below the low threshold of the level mean is priced by its fee, at most at its base point.
when: {points: cost_bands}
law: [JY-18-1-2, GD-14]
---*/
select
    is_within_low(b.compared_fee, b.low_limit) as applies,
    points_of_low(points_of_fee(b.fee_cents, b.fee_weight, b.all_cents), b.base_point) as points
from basis as b
