/*---
describe: What settlement needs of each of them, as claims.claim has it.
---*/
select
    t.month,
    t.setl_id,
    t.dcla_time,
    t.fixmedins_code,
    t.adm_on,
    t.dscg_on,
    l.medfee_sumamt as fee,
    cast(coalesce(p.all_funds, 0) as decimal(18, 2)) as all_funds,
    cast(coalesce(i.charged, 0) as decimal(18, 2)) as charged
from twin_row as t
inner join landing.setlinfo as l on l.delivery = t.delivery and l.line = t.line
left join (
    select delivery, setl_id, dcla_time, sum(fund_payamt) as all_funds
    from landing.payinfo
    group by delivery, setl_id, dcla_time
) as p on p.delivery = t.delivery and p.setl_id = t.setl_id and p.dcla_time = t.dcla_time
left join (
    select delivery, setl_id, dcla_time, sum(amt) as charged
    from landing.iteminfo
    group by delivery, setl_id, dcla_time
) as i on i.delivery = t.delivery and i.setl_id = t.setl_id and i.dcla_time = t.dcla_time
