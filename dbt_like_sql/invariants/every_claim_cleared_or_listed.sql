/*---
describe: >-
  Every claim of the year is cleared once or listed with its reason, and no reason is missing; only a refund that takes
  another claim back has no word of its own, for that claim has one.
guards: clearing.unsettled_case
law: [JY-31-3, SD-14]
---*/
select v.year, v.setl_id, u.reason
from clearing.claim_version as v
left join clearing.annual_case as c on c.year = v.year and c.setl_id = v.setl_id
left join clearing.unsettled_case as u on u.year = v.year and u.setl_id = v.setl_id and u.dcla_time = v.dcla_time
where (c.setl_id is null) = (u.setl_id is null)
    and (c.setl_id is not null or v.reason is not null or v.refunds_setl_id is null)
