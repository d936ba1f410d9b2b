/*---
describe: The version names another hospital or person than the claim has had before.
law: [JY-31-3, SD-14, GD-7]
---*/
select
    month,
    setl_id,
    dcla_time,
    is_foreign as fails,
    'the version names ' || coalesce(fixmedins_code, 'no hospital') || ', and is not of the hospital or the person of this claim' as detail
from claim_row
