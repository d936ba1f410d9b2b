/*---
describe: The hospital has no active agreement on the day of discharge.
law: [JY-4, SD-14, GD-7]
---*/
select
    month,
    setl_id,
    dcla_time,
    not is_under_agreement as fails,
    coalesce(fixmedins_code, 'empty') || ' has no active agreement on ' || coalesce(cast(dscg_on as varchar), 'an empty date') as detail
from claim_row
