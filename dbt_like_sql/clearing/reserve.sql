/*---
describe: >-
  The reserve of each pool: what the lines that it pays take of it before it is divided, and what is left for sharing
  the overspending of hospitals. Lines that give back to the reserve leave no more for sharing.
grain: [year, pool]
partition: year
sealed: true
keeps:
  clearing.pool_value: [year, pool]
law: [JY-8, JY-35-3]
checks:
  - id: reserve_covers_its_lines
    expect: served <= reserve
    describe: The lines that the reserve pays before it is divided take no more than it holds.
---*/
with served as (
    select l.year, l.pool, sum(l.amount) as served
    from clearing.ledger_line as l
    inner join policy.ledger_line as t on t.year = l.year and t.line = l.line
    where t.active and t.fund_source = 'reserve'
    group by l.year, l.pool
)

select
    v.year,
    v.pool,
    v.reserve,
    cast(coalesce(s.served, 0) as decimal(18, 2)) as served,
    cast(least(v.sharing_ceiling, v.reserve - greatest(coalesce(s.served, 0), 0)) as decimal(18, 2)) as shareable
from clearing.pool_value as v
left join served as s on s.year = v.year and s.pool = v.pool
