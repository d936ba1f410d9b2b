/*---
describe: >-
  The cleared year of each pool, closed: budget, point value, entitlements and residue; then where the year's
  whole amount went: paid from budget and reserve, left of the reserve, unspent.
grain: [year, pool]
partition: year
sealed: true
keeps:
  clearing.pool_value: [year, pool]
nullable: [point_value]
law: [JY-8, JY-33-1, JY-33-2, SD-7, SD-26, GD-10, GD-22-3]
checks:
  - id: closes_to_the_cent
    expect: settled + residual = budget
    describe: What the hospitals are entitled to and the residue are the budget.
  - id: whole_amount_accounted
    expect: amount + adjustment = paid_from_budget + paid_from_reserve + reserve_left + unspent
    describe: The year's amount is paid, left of the reserve or unspent.
  - id: reserve_not_overdrawn
    expect: reserve_left >= 0
    describe: The reserve pays no more than it holds.
---*/
with entitled as (
    select year, pool, sum(entitlement) as settled
    from clearing.hospital_year
    group by year, pool
),

spent as (
    -- Monthly payments are advances of the same money and count with the lines that they anticipate.
    select
        year,
        pool,
        sum(case when fund_source = 'budget' and line <> 'monthly_paid' then amount else 0 end) as from_budget,
        sum(case when fund_source = 'reserve' then amount else 0 end) as from_reserve
    from clearing.ledger
    group by year, pool
)

select
    v.year,
    v.pool,
    v.cases,
    v.points,
    v.fee,
    v.fund,
    v.budget,
    v.point_value,
    cast(coalesce(e.settled, 0) as decimal(18, 2)) as settled,
    cast(v.budget - coalesce(e.settled, 0) as decimal(18, 2)) as residual,
    v.amount,
    v.adjustment,
    v.reserve,
    cast(coalesce(s.from_budget, 0) as decimal(18, 2)) as paid_from_budget,
    cast(coalesce(s.from_reserve, 0) as decimal(18, 2)) as paid_from_reserve,
    cast(v.reserve - coalesce(s.from_reserve, 0) as decimal(18, 2)) as reserve_left,
    cast(v.budget - coalesce(s.from_budget, 0) as decimal(18, 2)) as unspent
from clearing.pool_value as v
left join entitled as e on e.year = v.year and e.pool = v.pool
left join spent as s on s.year = v.year and s.pool = v.pool
