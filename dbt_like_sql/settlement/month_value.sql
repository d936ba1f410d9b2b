/*---
describe: >-
  The month's budget and point value of each pool. What a month leaves of its budget is carried to the next
  one of the year, never below zero: a running minimum over the year, so that no month waits for itself.
grain: [month, pool]
partition: month
sealed: true
reads:
  settlement.pool_month: {months: [-11, 0], within_year: true}
nullable: [point_value]
law: [JY-7, JY-32-2]
---*/
with months as (
    select
        b.year,
        b.settlement_month as month,
        b.pool,
        b.allocation,
        coalesce(c.cases, 0) as cases,
        coalesce(c.points, 0) as points,
        coalesce(c.fee, 0) as fee,
        coalesce(c.fund, 0) as fund
    from settlement.month_budget as b
    left join settlement.pool_month as c on c.month = b.settlement_month and c.pool = b.pool
),

running as (
    select
        *,
        sum(allocation - fund) over (partition by year, pool order by month) as balance
    from months
),

lowest as (
    select
        *,
        least(min(balance) over (partition by year, pool order by month), 0) as low_mark
    from running
),

carried as (
    select
        *,
        balance - low_mark as carry_out,
        coalesce(lag(balance - low_mark) over (partition by year, pool order by month), 0) as carry_in
    from lowest
),

spent as (
    select
        *,
        allocation + carry_in as available,
        budget_used_of(allocation, carry_in, carry_out) as budget_used                                -- law: JY-32-2
    from carried
)

select
    month,
    pool,
    cast(cases as bigint) as cases,
    cast(points as decimal(18, 4)) as points,
    cast(fee as decimal(18, 2)) as fee,
    cast(fund as decimal(18, 2)) as fund,
    allocation,
    cast(carry_in as decimal(18, 2)) as carry_in,
    cast(available as decimal(18, 2)) as available,
    cast(budget_used as decimal(18, 2)) as budget_used,
    cast(carry_out as decimal(18, 2)) as carry_out,
    point_value_of(fee, fund, budget_used, points) as point_value                       -- law: JY-32-2
from spent
