/*---
describe: >-
  A budget row is of a pool that the law of the month knows. The rows name those of budget.csv that are of none:
  nobody would be paid out of them.
guards: settlement.month_value
law: [JY-7, SD-6, GD-9]
---*/
select v.month, v.pool
from settlement.month_value as v
left join policy.pool as p on p.month = v.month and p.pool = v.pool
where p.pool is null
