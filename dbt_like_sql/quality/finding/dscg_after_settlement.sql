/*---
describe: The day of discharge is after the settlement date.
law: [JY-41, SD-14, GD-7]
---*/
select
    month,
    setl_id,
    dcla_time,
    dscg_on > setl_end_date as fails,
    cast(null as varchar) as detail
from claim_row
