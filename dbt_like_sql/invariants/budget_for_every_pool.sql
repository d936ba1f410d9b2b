/*---
describe: >-
  A pool whose claims are settled has a budget row of its year. The rows name the pools that lack one: add
  them to budget.csv (year, pool, amount, reserve_ratio).
guards: settlement.month_value
law: [JY-7, SD-6, GD-9]
---*/
select c.month, c.pool, c.cases, c.fund
from settlement.pool_month as c
left join settlement.month_value as v on v.month = c.month and v.pool = c.pool
where v.pool is null
