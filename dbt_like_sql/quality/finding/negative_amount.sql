/*---
describe: The fee, a payment or a charge is negative.
law: [JY-31-2, SD-14, GD-7]
---*/
select
    month,
    setl_id,
    dcla_time,
    fee < 0 or negative_records > 0 or coalesce(least(psn_selfpay, psn_ownpay, acct_pay, psn_cashpay) < 0, false) as fails,
    cast(null as varchar) as detail
from claim_row
