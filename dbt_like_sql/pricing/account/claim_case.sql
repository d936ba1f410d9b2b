/*---
describe: >-
  What the explained version is and what it is priced with: by its month where the month settles it, else as the
  clearing prices it. `level_mean` is the level mean as the calculation that it comes from.
reads:
  calibration.level_coefficient: {year_from: policy.calibration_binding.calibration_year}
  calibration.group_base_point: {year_from: policy.calibration_binding.calibration_year}
  calibration.overall: {year_from: policy.calibration_binding.calibration_year}
law: [JY-16, JY-17, JY-18]
---*/
with judged as (
    select
        o.*,
        c.fixmedins_code,
        c.pool,
        c.adm_on,
        c.dscg_on,
        c.stay_days,
        c.setl_end_date,
        c.fee,
        c.fund,
        h.name as hospital,
        h.level,
        s.status,
        s.reason,
        s.in_month,
        s.is_ungrouped,
        case
            when s.in_month = 1 and s.status = 'normal' and m.setl_id is not null then 'month'
            when k.setl_id is not null then 'clearing'
        end as phase
    from account.claim_chosen as o
    inner join claims.claim as c on c.month = o.month and c.setl_id = o.setl_id and c.dcla_time = o.dcla_time
    left join quality.claim_status as s on s.month = o.month and s.setl_id = o.setl_id and s.dcla_time = o.dcla_time
    left join reference.hospital as h
        on h.fixmedins_code = c.fixmedins_code
        and h.agreement_status = 'active'
        and h.valid_from <= c.dscg_on
        and (h.valid_to is null or h.valid_to >= c.dscg_on)
    left join pricing.version_point as m
        on m.month = o.month and m.phase = 'month' and m.setl_id = o.setl_id and m.dcla_time = o.dcla_time
    left join pricing.version_point as k
        on k.month = o.month and k.phase = 'clearing' and k.setl_id = o.setl_id and k.dcla_time = o.dcla_time
)

select
    j.*,
    g.drg,
    -- The group whose price the case has.
    coalesce(w.western_drg, g.drg) as priced_drg,
    w.mode as tcm_mode,
    w.western_drg,
    w.treatment,
    w.share_uplift,
    d.kind as day_care_kind,
    d.points as day_care_points,
    e.min_days,
    e.day_points,
    case
        when e.min_days is not null then 'bed_day'
        when w.mode = 'efficacy' then 'tcm_value'
        when d.kind is not null then 'day_care'
    end as arranged,
    -- Points that do not follow from the group.
    e.min_days is not null or coalesce(w.mode = 'efficacy', false) or d.points is not null as has_own_points,
    d.kind is null or f.day_care_low_test as is_low_tested,
    y.calibration_year,
    p.stability,
    p.category,
    p.priced_as,
    p.points,
    p.coefficient,
    p.level_mean as stored_level_mean,
    p.citation,
    r.base_point,
    r.coefficient as level_coefficient,
    r.multiple,
    r.low_share,
    cast(r.mean_numerator as hugeint) as mean_numerator,
    cast(r.mean_denominator as hugeint) as mean_denominator,
    r.override_document,
    r.is_basic,
    v.n as level_cases,
    v.coefficient as calibrated_coefficient,
    v.basis,
    b.n as group_cases,
    b.fee_sum as group_fees,
    b.base_point as calibrated_base_point,
    a.n as all_cases,
    a.fee_sum as all_fees,
    q.unit_scale,
    case
        when v.mean_numerator is distinct from r.mean_numerator or v.mean_denominator is distinct from r.mean_denominator
            then cast(yuan(r.mean_numerator) as varchar)
        when v.basis in ('own', 'basic_group')
            then cast(yuan(r.mean_numerator) as varchar) || ' ÷ ' || cast(r.mean_denominator as varchar)
        else
            cast(v.coefficient as varchar) || ' × ' || cast(b.fee_sum as varchar) || ' ÷ ' || cast(b.n as varchar)
    end as level_mean,
    points_of_fee(cents(j.fee), weight_of_fee(a.n, q.unit_scale), cents(a.fee_sum)) as fee_points,
    cast(j.fee as varchar) || ' ÷ (' || cast(a.fee_sum as varchar) || ' ÷ ' || cast(a.n as varchar) || ') × '
        || cast(q.unit_scale as varchar) as fee_points_filled
from judged as j
left join grouping.grouped_case as g on g.month = j.month and g.setl_id = j.setl_id and g.dcla_time = j.dcla_time
left join policy.calibration_binding as y on y.month = j.month
left join pricing.version_point as p
    on p.month = j.month and p.phase = j.phase and p.setl_id = j.setl_id and p.dcla_time = j.dcla_time
left join pricing.tcm_case as w
    on w.month = j.month and w.phase = j.phase and w.setl_id = j.setl_id and w.dcla_time = j.dcla_time
left join pricing.day_care_case as d on d.month = j.month and d.setl_id = j.setl_id and d.dcla_time = j.dcla_time
left join pricing.bed_day_price as e on e.month = j.month and e.drg = g.drg and e.min_days <= j.stay_days
left join pricing.group_price as r
    on r.month = j.month
    and r.phase = j.phase
    and r.drg = coalesce(w.western_drg, g.drg)
    and r.level = j.level
left join calibration.level_coefficient as v
    on v.year = y.calibration_year and v.drg = coalesce(w.western_drg, g.drg) and v.level = j.level
left join calibration.group_base_point as b
    on b.year = y.calibration_year and b.drg = coalesce(w.western_drg, g.drg)
left join calibration.overall as a on a.year = y.calibration_year
left join policy.calibration as q on q.year = y.calibration_year
left join policy.pricing as f on f.month = j.month and f.phase = j.phase
