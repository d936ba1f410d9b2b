/*---
describe: Stays of the same person in the month that share a day with theirs.
---*/
select
    a.month,
    a.setl_id,
    a.dcla_time,
    count(b.setl_id) as overlaps
from claims.claim as a
inner join claims.claim as b
    on b.month = a.month
    and b.psn_no = a.psn_no
    and b.setl_id <> a.setl_id
    and b.adm_on < a.dscg_on
    and b.dscg_on > a.adm_on
group by a.month, a.setl_id, a.dcla_time
