/*---
describe: The groups that are paid by the day, with the stay from which they are and the points of a day.
grain: [month, drg]
partition: month
reads:
  calibration.day_point: {year_from: policy.calibration_binding.calibration_year}
nullable: [day_points]
law: [JY-14]
---*/
select
    y.month,
    b.drg,
    b.min_days,
    coalesce(b.day_points, d.day_points) as day_points
from policy.calibration_binding as y
inner join reference.bed_day_group as b
    on b.valid_from <= make_date(cast(left(y.month, 4) as integer), 1, 1)
    and (b.valid_to is null or b.valid_to >= make_date(cast(left(y.month, 4) as integer), 1, 1))
left join calibration.day_point as d on d.year = y.calibration_year and d.drg = b.drg
