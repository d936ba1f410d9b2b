/*---
describe: The mean fee A of all retained cases of all groups, stored as its count and sum; `mean` is for reading.
grain: [year]
partition: year
law: [JY-16-2]
---*/
select
    year,
    cast(sum(n) as bigint) as n,
    yuan(sum(cast(fee_cents as hugeint))) as fee_sum,
    quotient_2(sum(cast(fee_cents as hugeint)), 100 * sum(n)) as mean
from calibration.group_class
group by year
