/*---
describe: The age is not that between birth and admission.
law: [JY-41, SD-14, GD-7]
---*/
select
    month,
    setl_id,
    dcla_time,
    abs(age - years_at_admission) > age_tolerance as fails,
    cast(null as varchar) as detail
from claim_row
