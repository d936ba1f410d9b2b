/*---
describe: >-
  Versions whose stay another claim has too, once for each month that looks.
---*/
select distinct
    settlement_month as month,
    setl_id,
    dcla_time,
    delivery,
    line,
    fixmedins_code,
    adm_on,
    dscg_on
from claims.twin_version
