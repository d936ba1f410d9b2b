/*---
describe: A diagnosis stands twice.
law: [JY-41, SD-12, SD-14, GD-7]
---*/
select
    month,
    setl_id,
    dcla_time,
    repeated_diagnoses > 0 as fails,
    cast(null as varchar) as detail
from claim_row
