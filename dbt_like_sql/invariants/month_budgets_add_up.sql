/*---
describe: The twelve months of a pool add up to its distributable amount of the year.
guards: settlement.month_budget
law: [JY-32-2]
---*/
select m.year, m.pool, sum(m.allocation) as months, yuan_times(b.amount, cast(1 as decimal(18, 6)) - b.reserve_ratio) as distributable
from settlement.month_budget as m
inner join reference.budget as b on b.year = m.year and b.pool = m.pool
group by m.year, m.pool, b.amount, b.reserve_ratio
having sum(m.allocation) <> yuan_times(b.amount, cast(1 as decimal(18, 6)) - b.reserve_ratio)
