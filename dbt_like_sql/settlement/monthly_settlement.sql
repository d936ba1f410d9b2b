/*---
describe: >-
  What each hospital is pre-paid for the month from each pool: points times the published point value, less
  what patients and other payers bore, less the quality deposit and what the review deducted. A negative
  settlement is shown, not zeroed; the clearing settles it.
grain: [month, fixmedins_code, pool]
partition: month
sealed: true
nullable: [pay_by, point_value]
law: [JY-31-2, JY-32-3, JY-32-4, SD-25, SD-27, SD-37, GD-21]
---*/
with hospital as (
    select
        month,
        fixmedins_code,
        pool,
        count(*) as cases,
        cast(sum(points) as decimal(18, 4)) as points,
        cast(sum(fee) as decimal(18, 2)) as fee,
        cast(sum(fund) as decimal(18, 2)) as fund
    from pricing.case_point
    group by month, fixmedins_code, pool
),

deduction as (
    select
        c.month,
        c.fixmedins_code,
        c.pool,
        cast(sum(d.amount) as decimal(18, 2)) as amount
    from pricing.case_point as c
    inner join policy.settlement as p on p.month = c.month and p.review_deduction_phase = 'month'
    inner join reference.review_deduction as d on d.setl_id = c.setl_id
    group by c.month, c.fixmedins_code, c.pool
),

settled as (
    select
        h.*,
        v.point_value,
        settlement_of(h.points, v.point_value, h.fee, h.fund) as settlement,            -- law: JY-32-3
        p.deposit_rate,
        p.payment_working_days,
        coalesce(d.amount, 0) as deduction
    from hospital as h
    left join settlement.month_value as v on v.month = h.month and v.pool = h.pool
    left join policy.settlement as p on p.month = h.month
    left join deduction as d on d.month = h.month and d.fixmedins_code = h.fixmedins_code and d.pool = h.pool
),

confirmed as (
    select month, max(upload_deadline) as confirmed_on
    from quality.claim_status
    where in_month = 1
    group by month
),

-- Materialized: the day is counted first and then looked up; the other way round is a join of all days with all.
counted as materialized (
    select f.month, d.segment, d.working_day_no + p.payment_working_days as working_day_no
    from confirmed as f
    inner join policy.settlement as p on p.month = f.month
    inner join reference.calendar as d on d.date = f.confirmed_on
),

due as (
    select c.month, n.date as pay_by
    from counted as c
    inner join reference.calendar as n                                                  -- law: JY-32-4
        on n.segment = c.segment and n.working_day_no = c.working_day_no and n.is_workday
),

deposited as (
    select
        s.*,
        deposit_of(s.settlement, s.deposit_rate) as deposit                             -- law: JY-32-4
    from settled as s
)

select
    d.month,
    d.fixmedins_code,
    d.pool,
    d.cases,
    d.points,
    d.fee,
    d.fund,
    d.point_value,
    d.settlement,
    d.deposit,
    cast(d.deduction as decimal(18, 2)) as deduction,                                   -- law: JY-31-2
    payable_of(d.settlement, d.deposit, d.deduction) as payable,
    u.pay_by
from deposited as d
left join due as u on u.month = d.month
