/*---
describe: >-
  The month of each pool, closed - budget, point value, what the hospitals are settled and the residue that
  rounding leaves.
grain: [month, pool]
partition: month
sealed: true
keeps:
  settlement.month_value: [month, pool]
nullable: [point_value]
law: [JY-32-1, JY-32-2, SD-25, GD-21]
checks:
  - id: closes_to_the_cent
    expect: settled + residual = budget_used
    describe: What the hospitals are settled and the residue are the budget used.
  - id: carry_not_negative
    expect: carry_out >= 0 and budget_used + carry_out = available
    describe: The budget is used or carried, never lost.
---*/
with settled as (
    select month, pool, cast(sum(settlement) as decimal(18, 2)) as settled
    from settlement.monthly_settlement
    group by month, pool
)

select
    v.month,
    v.pool,
    v.cases,
    v.points,
    v.fee,
    v.fund,
    v.allocation,
    v.carry_in,
    v.available,
    v.budget_used,
    v.carry_out,
    v.point_value,
    cast(coalesce(s.settled, 0) as decimal(18, 2)) as settled,
    cast(v.budget_used - coalesce(s.settled, 0) as decimal(18, 2)) as residual
from settlement.month_value as v
left join settled as s on s.month = v.month and s.pool = v.pool
