/*---
describe: The settlement date is after the day of upload.
law: [JY-41, SD-14, GD-7]
---*/
select
    month,
    setl_id,
    dcla_time,
    setl_end_date > uploaded_on as fails,
    cast(null as varchar) as detail
from claim_row
