/*---
describe: The months of each budgeted pool with their allocation and what their claims add up to, claims or not.
---*/
select
    b.year,
    b.settlement_month as month,
    b.pool,
    b.allocation,
    cast(coalesce(c.cases, 0) as bigint) as cases,
    cast(coalesce(c.points, 0) as decimal(18, 4)) as points,
    cast(coalesce(c.fee, 0) as decimal(18, 2)) as fee,
    cast(coalesce(c.fund, 0) as decimal(18, 2)) as fund
from settlement.month_budget as b
left join settlement.pool_month as c on c.month = b.settlement_month and c.pool = b.pool
