/*---
describe: The day of admission is after the day of discharge.
law: [JY-31-3, SD-14, GD-7]
---*/
select
    month,
    setl_id,
    dcla_time,
    adm_on > dscg_on as fails,
    'admitted ' || cast(adm_on as varchar) || ', discharged ' || cast(dscg_on as varchar) as detail
from claim_row
