/*---
describe: >-
  The points of every claim version that is grouped and free of fatal faults, as the months price it (phase
  `month`) and as the clearing does (phase `clearing`). Thresholds are compared by multiplying; each formula
  is rounded once, at its end.
grain: [month, phase, setl_id, dcla_time]
partition: month
reads:
  calibration.overall: {year_from: policy.calibration_binding.calibration_year}
  policy.calibration: {year_from: policy.calibration_binding.calibration_year}
nullable: [drg, stability, level, base_point, coefficient, multiple, level_mean]
law: [JY-17, JY-18, SD-19, SD-21, GD-13, GD-14, GD-16]
checks:
  - id: basis_of_points
    expect: category in ('blank', 'unstable') or (coefficient is not null and multiple is not null and level_mean is not null)
    describe: A case of a stable group has a coefficient, a level mean and a threshold.
---*/
with version as (
    select
        c.month,
        c.setl_id,
        c.dcla_time,
        c.fixmedins_code,
        c.pool,
        c.fee,
        c.fund,
        cents(c.fee) as fee_cents,
        s.is_ungrouped,
        g.drg,
        h.level
    from claims.claim as c
    inner join quality.claim_status as s
        on s.month = c.month and s.setl_id = c.setl_id and s.dcla_time = c.dcla_time and not s.is_fatal
    inner join grouping.grouped_case as g on g.month = c.month and g.setl_id = c.setl_id and g.dcla_time = c.dcla_time
    inner join reference.hospital as h
        on h.fixmedins_code = c.fixmedins_code
        and h.agreement_status = 'active'
        and h.valid_from <= c.dscg_on
        and (h.valid_to is null or h.valid_to >= c.dscg_on)
),

-- What the cases of a month share, and those of a group at a level of care, is brought to whole units here: once,
-- not for each case.
priced_phase as (
    select
        p.month,
        p.phase,
        e.ungrouped = 'as_blank' as ungrouped_as_blank,
        a.mean as overall_mean,
        cast(a.n as hugeint) * k.unit_scale as fee_weight,
        cents(a.fee_sum) as fee_sum_cents
    from policy.pricing as p
    left join policy.clearing as e on e.year = cast(left(p.month, 4) as integer)
    left join policy.calibration_binding as y on y.month = p.month
    left join calibration.overall as a on a.year = y.calibration_year
    left join policy.calibration as k on k.year = y.calibration_year
),

priced_group as (
    select month, phase, drg, max(stability) as stability
    from pricing.group_price
    group by month, phase, drg
),

price as (
    select
        month,
        phase,
        drg,
        level,
        base_point,
        tenthousandths(base_point) as base_units,
        tenthousandths(coefficient) as coefficient_units,
        multiple,
        -- A fee of f cents is compared as f times this with the two limits.
        cast(mean_denominator as hugeint) * 10000 as fee_factor,
        tenthousandths(multiple) * cast(mean_numerator as hugeint) as high_limit,
        tenthousandths(low_share) * cast(mean_numerator as hugeint) as low_limit,
        cast(mean_numerator as hugeint) as mean_numerator,
        quotient_2(cast(mean_numerator as hugeint), 100 * cast(mean_denominator as hugeint)) as level_mean
    from pricing.group_price
),

basis as (
    select
        v.*,
        p.phase,
        p.overall_mean,
        p.fee_weight,
        p.fee_sum_cents,
        x.stability,
        r.base_point,
        r.base_units,
        -- The level's coefficient with the hospital's uplifts, times the institution's own.
        half_up(                                                                                          -- law: JY-17-2
            (r.coefficient_units + tenthousandths(coalesce(u.uplift, 0))) * tenthousandths(coalesce(i.coefficient, 1)),
            10000
        ) as coefficient_units,
        r.multiple,
        r.high_limit,
        r.low_limit,
        v.fee_cents * r.fee_factor as fee_compared,
        r.mean_numerator,
        r.level_mean
    from version as v
    inner join priced_phase as p
        on p.month = v.month
        and (not v.is_ungrouped or (p.phase = 'clearing' and p.ungrouped_as_blank))
    left join priced_group as x on x.month = v.month and x.phase = p.phase and x.drg = v.drg
    left join price as r on r.month = v.month and r.phase = p.phase and r.drg = v.drg and r.level = v.level
    left join pricing.hospital_coefficient as u
        on u.month = v.month and u.phase = p.phase and u.fixmedins_code = v.fixmedins_code and u.drg = v.drg
    left join reference.institution_coefficient as i
        on i.fixmedins_code = v.fixmedins_code
        and i.valid_from <= make_date(cast(left(v.month, 4) as integer), 1, 1)
        and (i.valid_to is null or i.valid_to >= make_date(cast(left(v.month, 4) as integer), 1, 1))
),

categorised as (
    select
        b.*,
        case
            when b.stability is null then 'blank'                                                         -- law: JY-18-2
            when b.stability = 'unstable' then 'unstable'                                                 -- law: JY-18-2
            when b.fee_compared > b.high_limit then 'high'                                                -- law: JY-18-1-1
            when b.fee_compared <= b.low_limit then 'low'                                                 -- law: JY-18-1-2
            when b.fee_compared > b.low_limit and b.fee_compared <= b.high_limit then 'normal'            -- law: JY-18-1-3
        end as category
    from basis as b
)

select
    c.month,
    c.phase,
    c.setl_id,
    c.dcla_time,
    c.fixmedins_code,
    c.pool,
    c.drg,
    c.level,
    c.stability,
    c.category,
    c.fee,
    c.fund,
    c.base_point,
    from_tenthousandths(c.coefficient_units) as coefficient,
    c.multiple,
    c.level_mean,
    c.overall_mean,
    case
        -- The fee over the mean fee of all retained cases, times the unit of points.
        when c.category in ('blank', 'unstable')
            then quotient_4(c.fee_cents * c.fee_weight, c.fee_sum_cents)                                  -- law: JY-18-2
        -- b c + (f / M - k) b c, over one denominator. The ten-thousandths that are wanted cancel against it, so that
        -- a large case of a large group stays within 38 digits.
        when c.category = 'high' then from_tenthousandths(half_up(                                        -- law: JY-18-1-1
            c.base_units * c.coefficient_units * (c.fee_compared + 10000 * c.mean_numerator - c.high_limit),
            c.mean_numerator * cast(100000000 as hugeint)
        ))
        when c.category = 'low'
            then least(quotient_4(c.fee_cents * c.fee_weight, c.fee_sum_cents), c.base_point)             -- law: JY-18-1-2
        when c.category = 'normal'
            then from_tenthousandths(half_up(c.base_units * c.coefficient_units, 10000))                  -- law: JY-18-1-3
    end as points,
    t.law as citation
from categorised as c
left join policy.case_category as t on t.month = c.month and t.phase = c.phase and t.category = c.category
