/*---
describe: The way of payment is not one that is paid by groups.
law: [JY-2, SD-14, GD-7]
---*/
select
    month,
    setl_id,
    dcla_time,
    case when hi_paymtd is not null then not is_paid_by_groups end as fails,
    'hi_paymtd ' || hi_paymtd as detail
from claim_row
