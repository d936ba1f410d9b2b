/*---
describe: How each case of the history fared in the two trims, before it is known whether the second one counts.
grain: [year, setl_id]
partition: year
keeps:
  calibration.history_case: [year, setl_id]
nullable: [level]
law: [JY-16, SD-18-1, GD-13]
---*/
-- Whole numbers are made of the bounds of a group, not once for each of its cases.
with first_bound as (
    select * replace (cast(bound_denominator as hugeint) as bound_denominator)
    from calibration.first_trim
),

second_bound as (
    select * replace (cast(bound_denominator as hugeint) as bound_denominator)
    from calibration.second_trim
)

select
    c.year,
    c.setl_id,
    c.drg,
    c.level,
    c.fee,
    cents(c.fee) * t.bound_denominator between t.lower_numerator and t.upper_numerator as kept_first,
    coalesce(cents(c.fee) * u.bound_denominator between u.lower_numerator and u.upper_numerator, true) as kept_second
from calibration.history_case as c
inner join first_bound as t on t.year = c.year and t.drg = c.drg
left join second_bound as u on u.year = c.year and u.drg = c.drg
