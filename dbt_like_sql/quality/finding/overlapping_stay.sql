/*---
describe: The person has another stay of the settlement month that overlaps.
law: [JY-41, SD-14, GD-7]
---*/
select
    month,
    setl_id,
    dcla_time,
    case when psn_no is not null and adm_on is not null and dscg_on is not null then overlapping_stays > 0 end as fails,
    cast(null as varchar) as detail
from claim_row
