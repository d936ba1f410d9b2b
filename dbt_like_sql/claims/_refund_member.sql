/*---
describe: >-
  The versions among which refunds are paired: refunds, and what they may take, of one hospital, one person and one
  amount (`owed`), each from the day of its upload until the day of the next one. Refunds under the id of their own
  original are not among them. Nearly every claim has none.
---*/
with negative as (
    select l.setl_id, l.dcla_time, l.fixmedins_code, l.psn_no, l.medfee_sumamt
    from landing.setlinfo as l
    inner join claims.version_index as i
        on i.setl_id = l.setl_id and i.dcla_time = l.dcla_time and i.delivery = l.delivery and i.line = l.line
    where l.medfee_sumamt < 0 and not i.is_foreign
),

asked as (
    select distinct fixmedins_code, psn_no, -medfee_sumamt as owed
    from negative
    where fixmedins_code is not null and psn_no is not null
)

select
    l.fixmedins_code,
    l.psn_no,
    a.owed,
    l.setl_id,
    l.dcla_time,
    i.settlement_month,
    l.medfee_sumamt < 0 as is_refund,
    l.setl_end_date,
    l.mdtrt_id,
    cast(l.adm_time as date) as adm_on,
    cast(l.dscg_time as date) as dscg_on,
    i.uploaded_on as from_on,
    cast(i.next_dcla_time as date) as until_on
from landing.setlinfo as l
inner join asked as a
    on a.fixmedins_code = l.fixmedins_code and a.psn_no = l.psn_no and a.owed = abs(l.medfee_sumamt)
inner join claims.version_index as i
    on i.setl_id = l.setl_id and i.dcla_time = l.dcla_time and i.delivery = l.delivery and i.line = l.line
left join own_refund as o on o.setl_id = l.setl_id and o.dcla_time = l.dcla_time
where not i.is_foreign and o.setl_id is null
