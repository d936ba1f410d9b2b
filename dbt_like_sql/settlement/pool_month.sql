/*---
describe: What the claims of a month add up to in each pool.
grain: [month, pool]
partition: month
sealed: true
law: [JY-32-1, SD-25, GD-21]
---*/
select
    month,
    pool,
    count(*) as cases,
    cast(sum(points) as decimal(18, 4)) as points,
    cast(sum(fee) as decimal(18, 2)) as fee,
    cast(sum(fund) as decimal(18, 2)) as fund
from pricing.case_point
group by month, pool
