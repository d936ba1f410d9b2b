/*---
describe: Every case that a trim left out, with the trim, its bounds (yuan, rounded for reading) and the reason.
grain: [year, setl_id]
partition: year
law: [JY-16, SD-18-1, GD-13]
---*/
select
    o.year,
    o.setl_id,
    o.drg,
    o.fee,
    case when not o.kept_first then 'first' else 'second' end as stage,
    case when not o.kept_first then f.method else s.method end as method,
    case
        when not o.kept_first then yuan_quotient(f.lower_numerator, f.bound_denominator)
        else yuan_quotient(s.lower_numerator, s.bound_denominator)
    end as lower_bound,
    case
        when not o.kept_first then yuan_quotient(f.upper_numerator, f.bound_denominator)
        else yuan_quotient(s.upper_numerator, s.bound_denominator)
    end as upper_bound,
    case
        when not o.kept_first
            and cents(o.fee) * cast(f.bound_denominator as hugeint) < f.lower_numerator then 'below the lower bound'
        when not o.kept_first then 'above the upper bound'
        when cents(o.fee) * cast(s.bound_denominator as hugeint) < s.lower_numerator then 'below the lower bound'
        else 'above the upper bound'
    end as reason
from calibration.trim_outcome as o
inner join calibration.group_class as g on g.year = o.year and g.drg = o.drg
inner join calibration.first_trim as f on f.year = o.year and f.drg = o.drg
left join calibration.second_trim as s on s.year = o.year and s.drg = o.drg
where not o.kept_first or (not o.kept_second and g.decided_on = 'second')
