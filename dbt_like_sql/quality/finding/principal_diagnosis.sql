/*---
describe: There is not exactly one principal western diagnosis.
law: [JY-31-3, SD-14, GD-7]
---*/
select
    month,
    setl_id,
    dcla_time,
    principal_diagnoses <> 1 as fails,
    cast(null as varchar) as detail
from claim_row
