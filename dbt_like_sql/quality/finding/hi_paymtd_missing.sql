/*---
describe: The way of payment is empty.
law: [JY-2, SD-14, GD-7]
---*/
select
    month,
    setl_id,
    dcla_time,
    hi_paymtd is null as fails,
    cast(null as varchar) as detail
from claim_row
