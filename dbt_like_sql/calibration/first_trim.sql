/*---
describe: >-
  The bounds of the first trim of each group, as numerators over one denominator (whole cents): a fee is kept
  when lower <= fee x denominator <= upper. A group of few cases is not trimmed.
grain: [year, drg]
partition: year
law: [JY-16, SD-18-1, GD-13]
---*/
with fees as (
    select year, drg, list(cast(cents(fee) as bigint) order by fee) as ascending
    from calibration.history_case
    group by year, drg
),

method as (
    select
        f.year,
        f.drg,
        f.ascending,
        case
            when array_length(f.ascending) > p.trim_above_cases then p.first_trim_method
            else 'none'
        end as method,
        p.first_trim_low as low,
        p.first_trim_high as high
    from fees as f
    left join policy.calibration as p on p.year = f.year
)

select
    year,
    drg,
    array_length(ascending) as n_raw,
    method,
    cast(trim_lower(method, low, ascending) as decimal(38, 0)) as lower_numerator,
    cast(trim_upper(method, high, ascending) as decimal(38, 0)) as upper_numerator,
    cast(trim_denominator(method, ascending) as decimal(38, 0)) as bound_denominator
from method
