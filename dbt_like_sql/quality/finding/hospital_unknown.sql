/*---
describe: The hospital is not in the reference.
law: [JY-4, SD-14, GD-7]
---*/
select
    month,
    setl_id,
    dcla_time,
    not is_hospital_known as fails,
    coalesce(fixmedins_code, 'empty') || ' is not in the hospital reference' as detail
from claim_row
