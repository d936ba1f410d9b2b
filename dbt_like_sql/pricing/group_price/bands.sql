/*---
describe: With the multiple of the band that holds the base point, and the share for low-cost cases.
when: {points: cost_bands}
law: [JY-18-1-1, JY-18-1-2, GD-14]
---*/
select
    p.month,
    p.phase,
    p.drg,
    p.level,
    p.stability,
    p.base_point,
    p.coefficient,
    m.multiple,
    s.low_share,
    p.is_basic,
    p.mean_numerator,
    p.mean_denominator,
    p.override_document
from priced as p
left join policy.pricing as s on s.month = p.month and s.phase = p.phase                -- law: JY-18-1-2
left join policy.high_multiple as m                                                     -- law: JY-18-1-1
    on m.month = p.month
    and m.phase = p.phase
    and m.base_point_above < p.base_point
    and (m.base_point_up_to is null or p.base_point <= m.base_point_up_to)
