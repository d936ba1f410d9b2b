/*---
describe: Without thresholds, every case of a stable group is a normal one.
when: {points: plain}
law: [SD-21]
---*/
select
    p.month,
    p.phase,
    p.drg,
    p.level,
    p.stability,
    p.base_point,
    p.coefficient,
    cast(null as decimal(18, 4)) as multiple,
    cast(null as decimal(18, 4)) as low_share,
    p.is_basic,
    p.mean_numerator,
    p.mean_denominator,
    p.override_document
from priced as p
