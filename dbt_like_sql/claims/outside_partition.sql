/*---
describe: >-
  Versions of the month's deliveries whose settlement date is no day of a month that there is, and why: a slip of
  the pen that would otherwise show nowhere.
grain: [month, setl_id, dcla_time]
partition: month
nullable: [fixmedins_code]
law: [JY-32, SD-25, GD-21]
---*/
select
    settlement_month as month,
    setl_id,
    dcla_time,
    setl_end_date,
    fixmedins_code,
    reason
from claims.stray_version
