/*---
describe: The day of admission is before the day of birth.
law: [JY-41, SD-14, GD-7]
---*/
select
    month,
    setl_id,
    dcla_time,
    adm_on < brdy as fails,
    cast(null as varchar) as detail
from claim_row
