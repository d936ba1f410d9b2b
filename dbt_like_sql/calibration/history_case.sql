/*---
describe: >-
  The cases that the calibration of a year makes base points of, before any trim: its history without the stays that
  are paid by the day.
grain: [year, setl_id]
partition: year
reads:
  claims.claim: {years: [-3, -1]}
  grouping.grouped_case: {years: [-3, -1]}
  policy.grouping: {years: [-3, -1]}
  stay.second_settlement: {years: [-3, -1]}
nullable: [level, pool, scheme, stay_days]
law: [JY-10, JY-14, JY-16, JY-32]
---*/
select
    year,
    setl_id,
    settlement_month,
    fixmedins_code,
    level,
    pool,
    scheme,
    drg,
    fee,
    stay_days
from history
where not is_bed_day
