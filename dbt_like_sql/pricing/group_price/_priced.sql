/*---
describe: >-
  What a case of a group is priced with at each level of care, without thresholds: the calibration's figures, or those
  that an override puts in their place in the phase that it names.
law: [JY-16-3, JY-17-1, SD-18-2, SD-19, GD-13, GD-16]
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
        v.basis = 'basic_group' as is_basic
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
        false as is_basic
    from policy.pricing as p
    inner join override as o on o.month = p.month and o.phase = p.phase
    inner join policy.calibration_binding as y on y.month = p.month
    inner join policy.care_level as v on v.year = y.calibration_year
    left join calibrated as c on c.month = o.month and c.phase = o.phase and c.drg = o.drg
    where c.drg is null
)

select
    w.month,
    w.phase,
    w.drg,
    w.level,
    w.stability,
    cast(coalesce(max(o.base_point), w.base_point) as decimal(18, 4)) as base_point,        -- law: JY-16-3
    cast(coalesce(max(o.coefficient), w.coefficient) as decimal(18, 4)) as coefficient,     -- law: JY-17-1-4
    cast(coalesce(cast(cents(max(o.level_mean)) as decimal(38, 0)), w.mean_numerator) as decimal(38, 0)) as mean_numerator,
    cast(case when max(o.level_mean) is not null then 1 else w.mean_denominator end as decimal(38, 0)) as mean_denominator,
    w.is_basic,
    string_agg(distinct o.document, '; ' order by o.document) as override_document
from own as w
left join override as o
    on o.month = w.month and o.phase = w.phase and o.drg = w.drg and (o.level is null or o.level = w.level)
group by
    w.month, w.phase, w.drg, w.level, w.stability, w.base_point, w.coefficient, w.mean_numerator,
    w.mean_denominator, w.is_basic
