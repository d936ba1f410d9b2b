/*---
describe: The mean fee A of all retained cases of all groups, stored as its count and sum; `mean` is for reading.
grain: [year]
partition: year
law: [JY-16-2, SD-18-1, GD-13]
---*/
select
    year,
    cast(sum(n) as bigint) as n,
    yuan(sum(cast(fee_cents as hugeint))) as fee_sum,
    yuan_quotient(sum(cast(fee_cents as hugeint)), sum(n)) as mean
from calibration.group_class
group by year
