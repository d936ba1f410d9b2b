/*---
describe: The day of discharge is after the day of upload.
law: [JY-31-3, SD-14, GD-7]
---*/
select
    month,
    setl_id,
    dcla_time,
    dscg_on > uploaded_on as fails,
    'discharged ' || cast(dscg_on as varchar) || ', uploaded ' || cast(uploaded_on as varchar) as detail
from claim_row
