/*---
describe: Every claim that the month may settle has its points; none is lost for want of a hospital level, a group or a policy row.
guards: pricing.case_point
law: [JY-32-1, SD-25, GD-21]
---*/
select s.month, s.setl_id, s.dcla_time
from quality.claim_status as s
left join pricing.case_point as p on p.month = s.month and p.setl_id = s.setl_id and p.dcla_time = s.dcla_time
where s.in_month = 1 and s.status = 'normal' and p.setl_id is null
