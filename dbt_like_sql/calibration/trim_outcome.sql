/*---
describe: How each case of the history fared in the two trims, before it is known whether the second one counts.
grain: [year, setl_id]
partition: year
keeps:
  calibration.history_case: [year, setl_id]
nullable: [level]
law: [JY-16]
---*/
select
    c.year,
    c.setl_id,
    c.drg,
    c.level,
    c.fee,
    cents(c.fee) * cast(t.bound_denominator as hugeint) between t.lower_numerator and t.upper_numerator as kept_first,
    coalesce(
        cents(c.fee) * cast(u.bound_denominator as hugeint) between u.lower_numerator and u.upper_numerator,
        true
    ) as kept_second
from calibration.history_case as c
inner join calibration.first_trim as t on t.year = c.year and t.drg = c.drg
left join calibration.second_trim as u on u.year = c.year and u.drg = c.drg
