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
law: [JY-17, JY-18]
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

priced_group as (
    select month, phase, drg, max(stability) as stability
    from pricing.group_price
    group by month, phase, drg
),

basis as (
    select
        v.*,
        p.phase,
        x.stability,
        r.base_point,
        -- The level's coefficient with the hospital's uplifts, times the institution's own.
        quotient_4(                                                                                       -- law: JY-17-2
            (tenthousandths(r.coefficient) + tenthousandths(coalesce(u.uplift, 0))) * tenthousandths(coalesce(i.coefficient, 1)),
            cast(100000000 as hugeint)
        ) as coefficient,
        r.multiple,
        r.low_share,
        cast(r.mean_numerator as hugeint) as mean_numerator,
        cast(r.mean_denominator as hugeint) as mean_denominator,
        -- The fee over the mean fee of all retained cases, times the unit of points.
        quotient_4(cents(v.fee) * a.n * k.unit_scale, cents(a.fee_sum)) as fee_points,                    -- law: JY-18-2
        a.mean as overall_mean
    from version as v
    left join policy.clearing as e on e.year = cast(left(v.month, 4) as integer)
    inner join policy.pricing as p
        on p.month = v.month
        and (not v.is_ungrouped or (p.phase = 'clearing' and e.ungrouped = 'as_blank'))
    left join policy.calibration_binding as y on y.month = v.month
    left join calibration.overall as a on a.year = y.calibration_year
    left join policy.calibration as k on k.year = y.calibration_year
    left join priced_group as x on x.month = v.month and x.phase = p.phase and x.drg = v.drg
    left join pricing.group_price as r on r.month = v.month and r.phase = p.phase and r.drg = v.drg and r.level = v.level
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
            when cents(b.fee) * b.mean_denominator * 10000
                 > tenthousandths(b.multiple) * b.mean_numerator then 'high'                              -- law: JY-18-1-1
            when cents(b.fee) * b.mean_denominator * 10000
                 <= tenthousandths(b.low_share) * b.mean_numerator then 'low'                             -- law: JY-18-1-2
            when cents(b.fee) * b.mean_denominator * 10000
                 > tenthousandths(b.low_share) * b.mean_numerator
                 and cents(b.fee) * b.mean_denominator * 10000
                 <= tenthousandths(b.multiple) * b.mean_numerator then 'normal'                           -- law: JY-18-1-3
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
    c.coefficient,
    c.multiple,
    quotient_2(c.mean_numerator, 100 * c.mean_denominator) as level_mean,
    c.overall_mean,
    case c.category
        when 'blank' then c.fee_points                                                                    -- law: JY-18-2
        when 'unstable' then c.fee_points                                                                 -- law: JY-18-2
        -- b c + (f / M - k) b c, over one denominator. The ten-thousandths that are wanted cancel against it, so that
        -- a large case of a large group stays within 38 digits.
        when 'high' then from_tenthousandths(half_up(                                                     -- law: JY-18-1-1
            tenthousandths(c.base_point) * tenthousandths(c.coefficient)
                * (cents(c.fee) * c.mean_denominator * 10000 + (10000 - tenthousandths(c.multiple)) * c.mean_numerator),
            c.mean_numerator * cast(100000000 as hugeint)
        ))
        when 'low' then least(c.fee_points, c.base_point)                                                 -- law: JY-18-1-2
        when 'normal' then quotient_4(
            tenthousandths(c.base_point) * tenthousandths(c.coefficient), cast(100000000 as hugeint)
        )                                                                                                 -- law: JY-18-1-3
    end as points,
    t.law as citation
from categorised as c
left join policy.case_category as t on t.month = c.month and t.phase = c.phase and t.category = c.category
