/*---
describe: Files of which a record of theirs was rejected.
---*/
select
    t.month,
    t.setl_id,
    t.dcla_time,
    string_agg(distinct r.claim_file, ', ' order by r.claim_file) as files
from twin_row as t
inner join landing.rejected_row as r
    on r.delivery = t.delivery
    and r.setl_id = t.setl_id
    and (r.dcla_time is null or r.dcla_time = t.dcla_time)
where r.claim_file <> 'setlinfo'
group by t.month, t.setl_id, t.dcla_time
