/*---
describe: A payment names a kind of fund that does not exist, whatever its amount.
law: [JY-32, SD-14, GD-7]
---*/
-- A payment without its kind is no part of the pooled funds, with a warning of its own.
select
    month,
    setl_id,
    dcla_time,
    unknown_fund_type is not null as fails,
    'fund_pay_type ' || unknown_fund_type as detail
from claim_row
