/*---
describe: >-
  What each group's base point and class would be under other ways of trimming, beside the one in force, and
  what that does to the points of the history (group cases times base point).
grain: [year, variant, drg]
partition: year
nullable: [base_point, base_point_in_force]
law: [JY-16, JY-20, SD-18-1, GD-13]
---*/
with fees as (
    select year, drg, list(cast(cents(fee) as bigint) order by fee) as ascending
    from calibration.history_case
    group by year, drg
),

bounds as (
    -- An alternative replaces one of the two trims; the other stays as it is in force.
    select
        f.year,
        v.alternative as variant,
        f.drg,
        f.ascending,
        case
            when array_length(f.ascending) <= p.trim_above_cases then 'none'
            when v.stage = 'first' then v.method
            else p.first_trim_method
        end as method,
        case when v.stage = 'first' then v.low else p.first_trim_low end as low,
        case when v.stage = 'first' then v.high else p.first_trim_high end as high,
        case when v.stage = 'second' then v.method else p.second_trim_method end as second_method,
        case when v.stage = 'second' then v.low else p.second_trim_low end as second_low,
        case when v.stage = 'second' then v.high else p.second_trim_high end as second_high,
        p.unstable_up_to_cases,
        p.cv_limit,
        p.unit_scale
    from fees as f
    inner join policy.trim_alternative as v on v.year = f.year
    inner join policy.calibration as p on p.year = f.year
),

-- The bounds are columns before a lambda uses them: inside it they would be found anew for every fee.
first_bounded as (
    select
        *,
        trim_denominator(method, ascending) as denominator,
        trim_lower(method, low, ascending) as lower_numerator,
        trim_upper(method, high, ascending) as upper_numerator
    from bounds
),

first_kept as (
    select
        * exclude (ascending, denominator, lower_numerator, upper_numerator),
        array_length(ascending) as n_raw,
        list_filter(
            ascending,
            lambda fee: cast(fee as hugeint) * denominator between lower_numerator and upper_numerator
        ) as ascending
    from first_bounded
),

first_summed as (
    select
        k.*,
        array_length(k.ascending) as n,
        cast(list_sum(k.ascending) as hugeint) as total,
        cast(list_sum(list_transform(k.ascending, lambda fee: cast(fee as hugeint) * fee)) as hugeint) as squares
    from first_kept as k
    where array_length(k.ascending) > 0
),

second_bounded as (
    select
        s.*,
        s.n > s.unstable_up_to_cases and not cv_below(s.n, s.total, s.squares, s.cv_limit) as again,
        trim_denominator(s.second_method, s.ascending) as denominator,
        trim_lower(s.second_method, s.second_low, s.ascending) as lower_numerator,
        trim_upper(s.second_method, s.second_high, s.ascending) as upper_numerator
    from first_summed as s
),

second_kept as (
    select
        b.*,
        case
            when b.again then list_filter(
                b.ascending,
                lambda fee: cast(fee as hugeint) * b.denominator between b.lower_numerator and b.upper_numerator
            )
        end as second_ascending
    from second_bounded as b
),

second_summed as (
    select
        k.*,
        array_length(k.second_ascending) as second_n,
        cast(list_sum(k.second_ascending) as hugeint) as second_total,
        cast(list_sum(list_transform(k.second_ascending, lambda fee: cast(fee as hugeint) * fee)) as hugeint) as second_squares
    from second_kept as k
),

classed as (
    select
        s.*,
        s.again
            and s.second_n > s.unstable_up_to_cases
            and cv_below(s.second_n, s.second_total, s.second_squares, s.cv_limit) as rescued
    from second_summed as s
),

decided as (
    select
        year,
        variant,
        drg,
        n_raw,
        unit_scale,
        case
            when rescued or (n > unstable_up_to_cases and not again) then 'stable'
            else 'unstable'
        end as stability,
        case when rescued then second_n else n end as n,
        case when rescued then second_total else total end as total,
        twice_median(ascending) as twice_median_cents
    from classed
),

overall as (
    select year, variant, sum(total) as total, sum(n) as n
    from decided
    group by year, variant
),

priced as (
    select
        d.year,
        d.variant,
        d.drg,
        d.stability,
        d.n_raw,
        d.n,
        case d.stability
            when 'stable' then base_point_of_mean(d.total, d.n, o.total, o.n, d.unit_scale)
            when 'unstable' then base_point_of_median(d.twice_median_cents, o.total, o.n, d.unit_scale)
        end as base_point
    from decided as d
    inner join overall as o on o.year = d.year and o.variant = d.variant
)

select
    p.year,
    p.variant,
    p.drg,
    p.stability,
    g.stability as stability_in_force,
    p.n,
    p.base_point,
    g.base_point as base_point_in_force,
    cast(p.base_point * p.n_raw as decimal(18, 4)) as history_points,
    cast(g.base_point * g.n_raw as decimal(18, 4)) as history_points_in_force
from priced as p
inner join calibration.group_base_point as g on g.year = p.year and g.drg = p.drg
