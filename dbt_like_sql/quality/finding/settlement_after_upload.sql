/*---
describe: The settlement date is after the day of upload, by no more than a date may be.
law: [JY-41, SD-14, GD-7]
---*/
select
    month,
    setl_id,
    dcla_time,
    setl_end_date > uploaded_on and not is_after_upload as fails,
    cast(null as varchar) as detail
from claim_row
