/*---
describe: >-
  Who is priced, and with what: the versions that a month or the clearing prices, with the price of their group at
  the hospital's level and the hospital's coefficient.
law: [JY-17-2, SD-19, GD-16]
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
        c.stay_days,
        s.is_ungrouped,
        g.drg,
        h.level
    from claims.claim as c
    inner join quality.claim_status as s
        on s.month = c.month and s.setl_id = c.setl_id and s.dcla_time = c.dcla_time and not s.is_fatal_by_itself
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
        p.day_care_low_test,
        a.mean as overall_mean,
        weight_of_fee(a.n, k.unit_scale) as fee_weight,
        cents(a.fee_sum) as all_cents
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
        tenthousandths(coefficient) as level_units,
        multiple,
        factor_of_fee(mean_denominator) as fee_factor,
        limit_of_band(multiple, mean_numerator) as high_limit,
        limit_of_band(low_share, mean_numerator) as low_limit,
        is_basic,
        cast(mean_numerator as hugeint) as mean_numerator,
        yuan_quotient(mean_numerator, mean_denominator) as level_mean
    from pricing.group_price
)

select
    v.month,
    p.phase,
    v.setl_id,
    v.dcla_time,
    v.fixmedins_code,
    v.pool,
    v.drg,
    v.level,
    x.stability,
    v.fee,
    v.fund,
    v.fee_cents,
    v.stay_days,
    t.mode as tcm_mode,
    d.setl_id is not null as is_day_care,
    d.points as day_care_points,
    p.overall_mean,
    p.fee_weight,
    p.all_cents,
    r.base_point,
    r.base_units,
    units_of_coefficient(r.level_units, r.is_basic, u.uplift, i.coefficient, t.share_uplift) as coefficient_units,    -- law: JY-12, JY-17-2
    from_tenthousandths(units_of_coefficient(r.level_units, r.is_basic, u.uplift, i.coefficient, t.share_uplift)) as coefficient,
    r.multiple,
    r.level_mean,
    r.mean_numerator,
    v.fee_cents * r.fee_factor as compared_fee,
    r.high_limit,
    -- Day care is short by design: it is tested for low cost only where the law says so.
    case when d.setl_id is null or p.day_care_low_test then r.low_limit else -1 end as low_limit
from version as v
inner join priced_phase as p
    on p.month = v.month
    and (not v.is_ungrouped or (p.phase = 'clearing' and p.ungrouped_as_blank))
left join pricing.tcm_case as t
    on t.month = v.month and t.phase = p.phase and t.setl_id = v.setl_id and t.dcla_time = v.dcla_time
left join pricing.day_care_case as d on d.month = v.month and d.setl_id = v.setl_id and d.dcla_time = v.dcla_time
left join priced_group as x on x.month = v.month and x.phase = p.phase and x.drg = v.drg
-- A case that is paid by its efficacy has the price of its western group.
left join price as r
    on r.month = v.month and r.phase = p.phase and r.drg = coalesce(t.western_drg, v.drg) and r.level = v.level
left join pricing.hospital_coefficient as u
    on u.month = v.month
    and u.phase = p.phase
    and u.fixmedins_code = v.fixmedins_code
    and u.drg = coalesce(t.western_drg, v.drg)
left join reference.institution_coefficient as i
    on i.fixmedins_code = v.fixmedins_code
    and i.valid_from <= make_date(cast(left(v.month, 4) as integer), 1, 1)
    and (i.valid_to is null or i.valid_to >= make_date(cast(left(v.month, 4) as integer), 1, 1))
