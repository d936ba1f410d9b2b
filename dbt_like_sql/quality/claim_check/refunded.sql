/*---
describe: The settlement had been taken back whole by the upload deadline; its month does not pay it.
law: [JY-31-3, SD-14, GD-7]
---*/
select
    d.month,
    d.setl_id,
    d.dcla_time,
    'taken back by ' || p.refund_setl_id as detail
from quality.claim_deadline as d
inner join claims.refund_pair as p
    on p.settlement_month = d.month
    and p.setl_id = d.setl_id
    and p.refund_setl_id <> d.setl_id
    and stands_on(p.from_on, p.until_on, d.upload_deadline)
where d.in_month = 1
