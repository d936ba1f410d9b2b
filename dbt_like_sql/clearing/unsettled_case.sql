/*---
describe: >-
  Every claim of the year that the clearing does not pay, with the reason, and every version that came under the id of
  a claim and is not of its hospital or person. Nothing is dropped in silence: a refund without a row of its own has
  taken the row of another claim.
grain: [year, setl_id, dcla_time]
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
    v.reason,
    v.dcla_time,
    v.settlement_month
from clearing.claim_version as v
left join clearing.annual_case as c on c.year = v.year and c.setl_id = v.setl_id
where c.setl_id is null and (v.reason is not null or v.refunds_setl_id is null)
union all
select
    a.year,
    i.setl_id,
    c.fixmedins_code,
    c.pool,
    'identity_conflict' as reason,
    i.dcla_time,
    i.settlement_month
from claims.version_index as i
inner join policy.clearing as a on a.year = cast(left(i.settlement_month, 4) as integer)
inner join claims.claim as c on c.month = i.settlement_month and c.setl_id = i.setl_id and c.dcla_time = i.dcla_time
where i.is_foreign and i.uploaded_on <= cut_off_of(a.year, a.cut_off)
