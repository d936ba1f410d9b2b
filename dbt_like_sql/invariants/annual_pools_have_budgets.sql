/*---
describe: >-
  A pool whose claims are cleared, or whose months were paid, has a budget row of its year. The rows name the
  pools that lack one: add them to budget.csv.
guards: clearing.pool_value
law: [JY-7, SD-6, GD-9]
---*/
select c.year, c.pool, count(*) as cases
from clearing.annual_case as c
left join clearing.pool_value as v on v.year = c.year and v.pool = c.pool
where v.pool is null
group by c.year, c.pool
