/*---
describe: The refund came after the clearing had paid what it takes back; the money is recovered outside the formula.
law: [JY-33, SD-26, GD-22]
---*/
select
    d.month,
    d.setl_id,
    d.dcla_time,
    'takes back ' || p.setl_id || ' of ' || p.original_month || ', which has been cleared' as detail
from quality.claim_deadline as d
inner join quality.finding as f
    on f.month = d.month and f.setl_id = d.setl_id and f.dcla_time = d.dcla_time and f.refund
inner join claims.refund_pair as p
    on p.settlement_month = d.month
    and p.refund_setl_id = d.setl_id
    and stands_on(p.from_on, p.until_on, d.uploaded_on)
inner join policy.clearing as c on c.year = cast(left(d.month, 4) as integer)
where d.uploaded_on > cut_off_of(cast(left(p.original_month, 4) as integer), c.cut_off)
