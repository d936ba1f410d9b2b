/*---
describe: >-
  What the first trim left of each group: count, sum, sum of squares and median of whole cents, and the
  class that follows. `again` groups (many cases, wide spread) are trimmed a second time.
grain: [year, drg]
partition: year
keeps:
  calibration.first_trim: [year, drg]
law: [JY-16-1-1, JY-16-1-2]
---*/
-- Whole numbers are made of fees and bounds once each, not once for every case and bound.
with fee as (
    select year, drg, cents(fee) as cents
    from calibration.history_case
),

bound as (
    select * replace (cast(bound_denominator as hugeint) as bound_denominator)
    from calibration.first_trim
),

kept as (
    select
        c.year,
        c.drg,
        t.n_raw,
        list(cast(c.cents as bigint) order by c.cents) as ascending,
        sum(c.cents) as total,
        sum(c.cents * c.cents) as squares
    from fee as c
    inner join bound as t
        on t.year = c.year
        and t.drg = c.drg
        and c.cents * t.bound_denominator between t.lower_numerator and t.upper_numerator
    group by c.year, c.drg, t.n_raw
)

select
    k.year,
    k.drg,
    k.n_raw,
    array_length(k.ascending) as n,
    cast(k.total as decimal(38, 0)) as fee_cents,
    cast(k.squares as decimal(38, 0)) as square_cents,
    cast(twice_median(k.ascending) as decimal(38, 0)) as twice_median_cents,
    case
        when array_length(k.ascending) <= p.unstable_up_to_cases then 'unstable'                          -- law: JY-16-1-2
        when cv_below(array_length(k.ascending), k.total, k.squares, p.cv_limit) then 'stable'            -- law: JY-16-1-1
        when not cv_below(array_length(k.ascending), k.total, k.squares, p.cv_limit) then 'again'
    end as class_after_first
from kept as k
left join policy.calibration as p on p.year = k.year
