/*---
describe: >-
  A month that our scheme groups is priced with base points of the same scheme; calibration_scheme.yml of the
  region's policy names the scheme by which a calibration groups its history.
guards: pricing.group_price
reads:
  calibration.history_case: {year_from: policy.calibration_binding.calibration_year}
law: [JY-10, JY-16, SD-17, SD-18-1, GD-12, GD-13]
---*/
select distinct g.month, g.scheme, y.calibration_year, h.scheme as calibration_scheme
from policy.grouping as g
inner join policy.calibration_binding as y on y.month = g.month
inner join calibration.history_case as h on h.year = y.calibration_year
where g.grouping_source = 'scheme' and h.scheme is distinct from g.scheme
