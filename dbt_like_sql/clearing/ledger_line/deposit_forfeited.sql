/*---
describe: What of the deposits of the months the assessment does not return.
law: [JY-33-4]
---*/
select
    year,
    fixmedins_code,
    pool,
    cast(-yuan_times(deposits, 1 - deposit_return_rate) as decimal(18, 2)) as amount,
    'of deposits ' || cast(deposits as varchar) || ', returned at ' || cast(deposit_return_rate as varchar) as note
from clearing.hospital_year
