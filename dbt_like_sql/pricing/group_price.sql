/*---
describe: >-
  What a case of a group is priced with at each level of care: base point, level coefficient, level mean M and
  the threshold of the high-cost cases; the calibration's figures, or those an override puts in their place in
  the phase it names.
grain: [month, phase, drg, level]
partition: month
reads:
  calibration.group_base_point: {year_from: policy.calibration_binding.calibration_year}
  calibration.level_coefficient: {year_from: policy.calibration_binding.calibration_year}
  policy.care_level: {year_from: policy.calibration_binding.calibration_year}
nullable: [coefficient, mean_numerator, mean_denominator, override_document]
law: [JY-16-3, JY-17-1, JY-18-1-1, JY-19, SD-18-2, SD-19, GD-13, GD-14, GD-16]
checks:
  - id: one_threshold
    expect: multiple > 0
    describe: Exactly one band of the high-cost table holds the base point.
---*/
with calibrated as (
    select
        p.month,
        p.phase,
        g.drg,
        v.level,
        g.stability,
        g.base_point,
        v.coefficient,
        v.mean_numerator,
        v.mean_denominator,
        v.basis = 'basic_group' as is_basic,
        p.low_share
    from policy.pricing as p
    inner join policy.calibration_binding as y on y.month = p.month
    inner join calibration.group_base_point as g on g.year = y.calibration_year
    inner join calibration.level_coefficient as v on v.year = g.year and v.drg = g.drg
),

override as (
    select
        p.month,
        p.phase,
        o.drg,
        o.level,
        o.base_point,
        o.coefficient,
        o.level_mean,
        coalesce(o.document, o.reason) as document
    from policy.pricing as p
    inner join reference.group_override as o
        on o.phase = p.phase
        and o.valid_from <= make_date(cast(left(p.month, 4) as integer), 1, 1)
        and (o.valid_to is null or o.valid_to >= make_date(cast(left(p.month, 4) as integer), 1, 1))
),

-- A group without history is priced only where an override gives it all that a price needs.
own as (
    select * from calibrated
    union all
    select distinct
        p.month,
        p.phase,
        o.drg,
        v.level,
        'stable' as stability,
        cast(null as decimal(18, 4)) as base_point,
        cast(null as decimal(18, 4)) as coefficient,
        cast(null as decimal(38, 0)) as mean_numerator,
        cast(null as decimal(38, 0)) as mean_denominator,
        false as is_basic,
        p.low_share
    from policy.pricing as p
    inner join override as o on o.month = p.month and o.phase = p.phase
    inner join policy.calibration_binding as y on y.month = p.month
    inner join policy.care_level as v on v.year = y.calibration_year
    left join calibrated as c on c.month = o.month and c.phase = o.phase and c.drg = o.drg
    where c.drg is null
),

corrected as (
    select
        w.month,
        w.phase,
        w.drg,
        w.level,
        w.stability,
        coalesce(max(o.base_point), w.base_point) as base_point,                        -- law: JY-16-3
        coalesce(max(o.coefficient), w.coefficient) as coefficient,                     -- law: JY-17-1-4
        coalesce(cast(cents(max(o.level_mean)) as decimal(38, 0)), w.mean_numerator) as mean_numerator,
        case when max(o.level_mean) is not null then 1 else w.mean_denominator end as mean_denominator,
        w.is_basic,
        w.low_share,
        string_agg(distinct o.document, '; ' order by o.document) as override_document
    from own as w
    left join override as o
        on o.month = w.month and o.phase = w.phase and o.drg = w.drg and (o.level is null or o.level = w.level)
    group by
        w.month, w.phase, w.drg, w.level, w.stability, w.base_point, w.coefficient, w.mean_numerator,
        w.mean_denominator, w.is_basic, w.low_share
)

select
    c.month,
    c.phase,
    c.drg,
    c.level,
    c.stability,
    cast(c.base_point as decimal(18, 4)) as base_point,
    cast(c.coefficient as decimal(18, 4)) as coefficient,
    m.multiple,
    c.low_share,
    c.is_basic,
    cast(c.mean_numerator as decimal(38, 0)) as mean_numerator,
    cast(c.mean_denominator as decimal(38, 0)) as mean_denominator,
    c.override_document
from corrected as c
left join policy.high_multiple as m                                                     -- law: JY-18-1-1
    on m.month = c.month
    and m.phase = c.phase
    and m.base_point_above < c.base_point
    and (m.base_point_up_to is null or c.base_point <= m.base_point_up_to)
