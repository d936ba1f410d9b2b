/*---
describe: On the day of its upload the refund takes no settlement back.
law: [JY-31-3, SD-14, GD-7]
---*/
select
    d.month,
    d.setl_id,
    d.dcla_time,
    'no settlement of this amount and visit is to be taken back' as detail
from quality.claim_deadline as d
inner join quality.finding as f
    on f.month = d.month and f.setl_id = d.setl_id and f.dcla_time = d.dcla_time and f.refund
left join claims.refund_pair as p
    on p.settlement_month = d.month
    and p.refund_setl_id = d.setl_id
    and stands_on(p.from_on, p.until_on, d.uploaded_on)
where p.setl_id is null
