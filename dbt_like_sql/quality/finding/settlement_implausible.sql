/*---
describe: The settlement date lies too far after the upload to be one.
law: [JY-31-3, SD-14, GD-7]
---*/
select
    month,
    setl_id,
    dcla_time,
    is_after_upload as fails,
    'settled on ' || setl_end_date || ', uploaded on ' || uploaded_on as detail
from claim_row
