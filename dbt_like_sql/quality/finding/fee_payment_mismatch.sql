/*---
describe: The total fee is not the sum of what funds and the patient paid.
law: [JY-31-2, SD-14, GD-7]
---*/
select
    month,
    setl_id,
    dcla_time,
    abs(fee - all_funds - psn_selfpay - psn_ownpay) > fee_sum_tolerance as fails,
    cast(null as varchar) as detail
from claim_row
