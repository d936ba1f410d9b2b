/*---
describe: >-
  A pool's budget is not so many times last year's, nor so small a part of it, that another unit may have been meant
  (yuan, thousands, ten thousands).
guards: settlement.month_budget
severity: warn
says:
  en: "budgets so far from last year's that another unit may have been meant"
  zh: "预算与上年相差悬殊，可能单位有误（元、千元、万元）"
law: [JY-7, SD-6, GD-9]
---*/
select cast(b.year as integer) as year, b.pool, b.amount, l.amount as amount_before
from reference.budget as b
inner join reference.budget as l on l.pool = b.pool and l.year = b.year - 1
inner join policy.budget as p on p.year = b.year
where b.amount > l.amount * p.implausible_change or l.amount > b.amount * p.implausible_change
