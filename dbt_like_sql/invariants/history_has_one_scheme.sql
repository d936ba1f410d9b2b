/*---
describe: >-
  The history of a calibration is grouped by one scheme; calibration_scheme.yml of the region's policy names the one
  by which to group all of it.
guards: calibration.history_case
law: [JY-10, JY-16, SD-17, SD-18-1, GD-12, GD-13]
severity: warn
says:
  en: "the history of a calibration was grouped by several schemes"
  zh: "测算所用历史病例由多个分组方案分组"
---*/
select year, min(scheme) as one_scheme, max(scheme) as another_scheme
from calibration.history_case
where scheme is not null
group by year
having min(scheme) <> max(scheme)
