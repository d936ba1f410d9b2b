/*---
describe: The bounds of the second trim, for the groups whose spread the first trim left too wide.
grain: [year, drg]
partition: year
law: [JY-16-1-2]
---*/
with fees as (
    select c.year, c.drg, list(cast(cents(c.fee) as bigint) order by c.fee) as ascending
    from calibration.history_case as c
    inner join calibration.first_statistic as s on s.year = c.year and s.drg = c.drg and s.class_after_first = 'again'
    inner join calibration.first_trim as t
        on t.year = c.year
        and t.drg = c.drg
        and cents(c.fee) * cast(t.bound_denominator as hugeint) between t.lower_numerator and t.upper_numerator
    group by c.year, c.drg
)

select
    f.year,
    f.drg,
    array_length(f.ascending) as n,
    p.second_trim_method as method,
    cast(trim_lower(p.second_trim_method, p.second_trim_low, f.ascending) as decimal(38, 0)) as lower_numerator,
    cast(trim_upper(p.second_trim_method, p.second_trim_high, f.ascending) as decimal(38, 0)) as upper_numerator,
    cast(trim_denominator(p.second_trim_method, f.ascending) as decimal(38, 0)) as bound_denominator
from fees as f
left join policy.calibration as p on p.year = f.year
