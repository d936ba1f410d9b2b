/*---
describe: By the upload deadline an earlier settlement of the same stay stood; the month pays the stay once.
law: [JY-31-3, SD-14, GD-7]
---*/
select
    d.month,
    d.setl_id,
    d.dcla_time,
    'the stay is settled by ' || s.keeper_setl_id as detail
from quality.claim_deadline as d
inner join stay.second_settlement as s
    on s.month = d.month
    and s.setl_id = d.setl_id
    and s.dcla_time = d.dcla_time
    and stands_on(s.from_on, s.until_on, d.upload_deadline)
where d.in_month = 1
