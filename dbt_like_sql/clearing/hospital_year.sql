/*---
describe: >-
  The year of each hospital in each pool before the ledger: its cases, its entitlement E, what the months paid
  and held back, its level on 31 December, its assessment and whether its agreement was suspended or ended.
grain: [year, fixmedins_code, pool]
partition: year
sealed: true
nullable: [pay_ratio]
law: [JY-33-3, JY-34, JY-35-1, SD-26, SD-37, GD-22-3, GD-26, GD-27]
---*/
with cleared as (
    select
        year,
        fixmedins_code,
        pool,
        count(*) as cases,
        sum(points) as points,
        sum(fee) as fee,
        sum(fund) as fund
    from clearing.annual_case
    group by year, fixmedins_code, pool
),

paid as (
    select
        cast(left(month, 4) as integer) as year,
        fixmedins_code,
        pool,
        sum(payable) as paid,
        sum(deposit) as deposits
    from settlement.monthly_settlement
    group by year, fixmedins_code, pool
),

hospital as (
    select
        coalesce(c.year, p.year) as year,
        coalesce(c.fixmedins_code, p.fixmedins_code) as fixmedins_code,
        coalesce(c.pool, p.pool) as pool,
        coalesce(c.cases, 0) as cases,
        coalesce(c.points, 0) as points,
        coalesce(c.fee, 0) as fee,
        coalesce(c.fund, 0) as fund,
        coalesce(p.paid, 0) as paid,
        coalesce(p.deposits, 0) as deposits
    from cleared as c
    full join paid as p on p.year = c.year and p.fixmedins_code = c.fixmedins_code and p.pool = c.pool
),

-- The level on 31 December; of a hospital whose rows end before, the last one.
level as (
    select
        h.year,
        h.fixmedins_code,
        arg_max(r.level, r.valid_from) as level
    from (select distinct year, fixmedins_code from hospital) as h
    inner join reference.hospital as r on r.fixmedins_code = h.fixmedins_code and r.valid_from <= make_date(h.year, 12, 31)
    group by h.year, h.fixmedins_code
),

sanction as (
    select
        h.year,
        h.fixmedins_code,
        bool_or(coalesce(r.status_reason, 'violation') = 'violation') as for_violation
    from (select distinct year, fixmedins_code from hospital) as h
    inner join reference.hospital as r
        on r.fixmedins_code = h.fixmedins_code
        and r.agreement_status in ('suspended', 'terminated')
        and r.valid_from <= make_date(h.year, 12, 31)
        and (r.valid_to is null or r.valid_to >= make_date(h.year, 1, 1))
    group by h.year, h.fixmedins_code
),

entitled as (
    select
        h.*,
        v.point_value,
        settlement_of(h.points, v.point_value, h.fee, h.fund) as entitlement                              -- law: JY-33-3
    from hospital as h
    left join clearing.pool_value as v on v.year = h.year and v.pool = h.pool
)

select
    e.year,
    e.fixmedins_code,
    e.pool,
    cast(e.cases as bigint) as cases,
    cast(e.points as decimal(18, 4)) as points,
    cast(e.fee as decimal(18, 2)) as fee,
    cast(e.fund as decimal(18, 2)) as fund,
    e.entitlement,
    case when e.fund > 0 then quotient_6(cents(e.entitlement), cents(e.fund)) end as pay_ratio,           -- law: JY-35-1
    l.level,
    r.cap,
    cast(e.paid as decimal(18, 2)) as paid,
    cast(e.deposits as decimal(18, 2)) as deposits,
    s.fixmedins_code is not null as is_sanctioned,
    coalesce(s.for_violation, false) as is_violator,
    cast(least(
        greatest(coalesce(a.coefficient, p.assessment_default), coalesce(p.assessment_lower, a.coefficient, p.assessment_default)),
        coalesce(p.assessment_upper, greatest(coalesce(a.coefficient, p.assessment_default), coalesce(p.assessment_lower, a.coefficient, p.assessment_default)))
    ) as decimal(18, 4)) as assessment_coefficient,                                                       -- law: JY-34
    cast(coalesce(a.deposit_return_rate, p.deposit_return_default) as decimal(18, 6)) as deposit_return_rate,
    cast(coalesce(a.retention_factor, p.retention_factor_default) as decimal(18, 6)) as retention_factor,
    cast(coalesce(a.share_factor, p.share_factor_default) as decimal(18, 6)) as share_factor
from entitled as e
left join level as l on l.year = e.year and l.fixmedins_code = e.fixmedins_code
left join policy.pay_ratio_cap as r on r.year = e.year and r.level = l.level
left join policy.clearing as p on p.year = e.year
left join sanction as s on s.year = e.year and s.fixmedins_code = e.fixmedins_code
left join reference.assessment as a on a.year = e.year and a.fixmedins_code = e.fixmedins_code
