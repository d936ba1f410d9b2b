/*---
describe: >-
  The points of a day in each group that is paid by the day: the figure filed, else the mean fee of a day of its long
  stays over the mean fee of all retained cases, times the unit of points.
grain: [year, drg]
partition: year
reads:
  claims.claim: {years: [-3, -1]}
  grouping.grouped_case: {years: [-3, -1]}
  policy.grouping: {years: [-3, -1]}
  stay.second_settlement: {years: [-3, -1]}
nullable: [day_points]
law: [JY-14]
---*/
with stay as (
    select year, drg, count(*) as n, sum(stay_days) as days, sum(cents(fee)) as fee_cents
    from history
    where is_bed_day
    group by year, drg
)

select
    p.year,
    b.drg,
    coalesce(s.n, 0) as n,
    cast(coalesce(s.days, 0) as bigint) as days,
    yuan(coalesce(s.fee_cents, 0)) as fee_sum,
    coalesce(b.day_points, day_points_of(s.fee_cents, s.days, cents(a.fee_sum), a.n, p.unit_scale)) as day_points,
    case when b.day_points is not null then 'filed' else 'history' end as basis
from policy.calibration as p
inner join reference.bed_day_group as b
    on b.valid_from <= make_date(p.year, 1, 1)
    and (b.valid_to is null or b.valid_to >= make_date(p.year, 1, 1))
left join calibration.overall as a on a.year = p.year
left join stay as s on s.year = p.year and s.drg = b.drg
