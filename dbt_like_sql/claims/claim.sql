/*---
describe: >-
  One row for each claim version with what settlement needs of it: hospital, pool, total fee F and the
  pooled-fund amount U.
grain: [month, setl_id, dcla_time]
partition: month
keeps:
  claims.setlinfo: [month, setl_id, dcla_time]
nullable: [fixmedins_code, psn_no, gend, brdy, insutype, pool, adm_on, dscg_on, stay_days, ipt_med_type, setl_end_date, hi_paymtd]
law: [JY-2, JY-7, JY-32, JY-42, SD-6, SD-25, GD-9, GD-21]
---*/
with fund as (
    select
        p.month,
        p.setl_id,
        p.dcla_time,
        sum(case when f.fund_pay_type is not null then p.fund_payamt end) as pooled,
        sum(p.fund_payamt) as all_funds
    from claims.payinfo as p
    left join policy.pooled_fund as f on f.month = p.month and f.fund_pay_type = p.fund_pay_type
    group by p.month, p.setl_id, p.dcla_time
),

item as (
    select month, setl_id, dcla_time, sum(amt) as charged
    from claims.iteminfo
    group by month, setl_id, dcla_time
)

select
    s.month,
    s.setl_id,
    s.dcla_time,
    s.fixmedins_code,
    s.psn_no,
    s.gend,
    s.brdy,
    s.insutype,
    -- A place that is none is not taken for another one.
    case when s.insuplc is null or regexp_full_match(s.insuplc, q.division_pattern) then p.pool end as pool,   -- law: JY-7
    cast(s.adm_time as date) as adm_on,
    cast(s.dscg_time as date) as dscg_on,
    days_of_stay(cast(s.adm_time as date), cast(s.dscg_time as date)) as stay_days,
    s.ipt_med_type,
    s.setl_end_date,
    s.hi_paymtd,
    s.medfee_sumamt as fee,
    cast(coalesce(f.pooled, 0) as decimal(18, 2)) as fund,                              -- law: JY-32
    cast(coalesce(f.all_funds, 0) as decimal(18, 2)) as all_funds,
    cast(coalesce(i.charged, 0) as decimal(18, 2)) as charged
from claims.setlinfo as s
left join policy.quality as q on q.month = s.month
left join policy.division as d on d.month = s.month and d.division = s.insuplc
left join policy.pool_member as p
    on p.month = s.month
    and p.insutype = s.insutype
    and p.place = case when d.division is null then 'nonlocal' else 'local' end         -- law: JY-2
left join fund as f on f.month = s.month and f.setl_id = s.setl_id and f.dcla_time = s.dcla_time
left join item as i on i.month = s.month and i.setl_id = s.setl_id and i.dcla_time = s.dcla_time
