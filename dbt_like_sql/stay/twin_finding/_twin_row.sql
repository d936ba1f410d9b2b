/*---
describe: >-
  Versions whose stay another claim has too, once for each month that looks; all of them are among the versions that the
  month is related to, which say where their records lie.
---*/
select distinct
    t.settlement_month as month,
    t.setl_id,
    t.dcla_time,
    r.delivery,
    t.line,
    t.fixmedins_code,
    t.adm_on,
    t.dscg_on
from claims.twin_version as t
inner join claims.related_version as r
    on r.settlement_month = t.settlement_month and r.setl_id = t.setl_id and r.dcla_time = t.dcla_time
