/*---
describe: "A date that settlement needs is empty: of admission, discharge, settlement or birth."
law: [JY-31-3, SD-14, GD-7]
---*/
select
    month,
    setl_id,
    dcla_time,
    adm_on is null or dscg_on is null or setl_end_date is null or brdy is null as fails,
    concat_ws(', ',
        case when adm_on is null then 'adm_time' end,
        case when dscg_on is null then 'dscg_time' end,
        case when setl_end_date is null then 'setl_end_date' end,
        case when brdy is null then 'brdy' end) || ' is empty' as detail
from claim_row
