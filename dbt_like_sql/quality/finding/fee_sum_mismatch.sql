/*---
describe: The total fee is not the sum of the charge categories.
law: [JY-31-3, SD-14, GD-7]
---*/
select
    month,
    setl_id,
    dcla_time,
    abs(fee - charged) > fee_sum_tolerance as fails,
    'fee ' || cast(fee as varchar) || ', charges add up to ' || cast(charged as varchar) as detail
from claim_row
