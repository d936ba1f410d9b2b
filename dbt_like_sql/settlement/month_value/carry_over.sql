/*---
describe: >-
  What a month leaves of its budget is carried to the next one of the year, never below zero: a running minimum over
  the year, so that no month waits for itself.
when: {month_price: carry_over}
reads:
  settlement.pool_month: {months: [-11, 0], within_year: true}
---*/
with running as (
    select
        *,
        sum(allocation - fund) over (partition by year, pool order by month) as balance
    from budgeted_month
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
        budget_used_of(allocation, carry_in, carry_out) as budget_used                  -- law: JY-32-2
    from carried
)

select
    month,
    pool,
    cases,
    points,
    fee,
    fund,
    allocation,
    cast(carry_in as decimal(18, 2)) as carry_in,
    cast(available as decimal(18, 2)) as available,
    budget_used,
    cast(carry_out as decimal(18, 2)) as carry_out,
    point_value_of(fee, fund, budget_used, points) as point_value                       -- law: JY-32-2
from spent
