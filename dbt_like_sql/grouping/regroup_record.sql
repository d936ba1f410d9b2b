/*---
describe: >-
  The records of the history years that a calibration does not take as their months grouped them: those of months
  that another scheme, or the platform, grouped than the one by which the calibration groups its history.
grain: [year, setl_id, dcla_time]
partition: year
reads:
  grouping.record: {years: [-3, -1]}
  policy.grouping: {years: [-3, -1]}
nullable:
  - sex
  - age_years
  - age_days
  - newborn_weight_g
  - los_days
  - discharge_disposition
  - department
  - icu_hours
  - principal_diagnosis
  - principal_procedure
law: [JY-10, JY-16, SD-17, SD-18-1, GD-12, GD-13]
---*/
select
    h.year,
    r.month as settlement_month,
    r.setl_id,
    r.dcla_time,
    row_number() over (partition by h.year order by r.setl_id, r.dcla_time) as record_no,
    r.sex,
    r.age_years,
    r.age_days,
    r.newborn_weight_g,
    r.los_days,
    r.discharge_disposition,
    r.department,
    r.icu_hours,
    r.principal_diagnosis,
    r.other_diagnoses,
    r.principal_procedure,
    r.other_procedures
from policy.calibration_scheme as c
inner join policy.history_year as h on h.year = c.year                                  -- law: JY-16
inner join policy.grouping as g on cast(left(g.month, 4) as integer) = h.year + h.year_offset
inner join grouping.record as r on r.month = g.month
where c.scheme is not null
    and (g.grouping_source <> 'scheme' or g.scheme is distinct from c.scheme)
