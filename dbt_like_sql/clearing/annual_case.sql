/*---
describe: >-
  Each case that the year clears, in the version of the cut-off: the ones their month settled, the late ones
  and those corrected since, with their points.
grain: [year, setl_id]
partition: year
sealed: true
nullable: [drg]
law: [JY-31-3, JY-33-1, SD-14, SD-26, GD-22-3]
---*/
select
    v.year,
    v.setl_id,
    p.fixmedins_code,
    p.pool,
    p.drg,
    p.category,
    p.fee,
    p.fund,
    p.points,
    source_of_case(v.is_settled, v.is_first_late) as source,                            -- law: JY-31-3
    v.dcla_time,
    v.settlement_month,
    p.citation
from clearing.claim_version as v
inner join pricing.version_point as p
    on p.month = v.settlement_month and p.setl_id = v.setl_id and p.dcla_time = v.dcla_time and p.phase = 'clearing'
-- Ungrouped cases have points where the law prices them; others that the year does not pay have none here.
where v.reason is null or v.reason = 'ungrouped'
