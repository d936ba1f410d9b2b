/*---
describe: Every claim of the year that the clearing does not pay, with the reason. Nothing is dropped in silence.
grain: [year, setl_id]
partition: year
sealed: true
nullable: [fixmedins_code, pool]
law: [JY-31-3, SD-26, GD-22]
---*/
select
    v.year,
    v.setl_id,
    v.fixmedins_code,
    v.pool,
    case
        when v.after_cut_off then 'after_cut_off'
        when v.is_fatal then 'quality_fatal'
        when v.is_ungrouped then 'ungrouped'
    end as reason,
    v.dcla_time,
    v.settlement_month
from clearing.claim_version as v
left join clearing.annual_case as c on c.year = v.year and c.setl_id = v.setl_id
where c.setl_id is null
