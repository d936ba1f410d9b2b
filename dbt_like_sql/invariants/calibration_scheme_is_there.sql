/*---
describe: >-
  The scheme by which a calibration groups its history has been loaded; drg scheme import brings one in.
guards: grouping.regrouped_case
law: [JY-10, JY-16, SD-17, SD-18-1, GD-12, GD-13]
---*/
select c.year, c.scheme
from policy.calibration_scheme as c
left join scheme.scheme as s on s.scheme = c.scheme
where c.scheme is not null and s.scheme is null
