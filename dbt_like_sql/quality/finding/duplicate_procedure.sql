/*---
describe: A procedure stands twice at the same time.
law: [JY-41, SD-12, SD-14, GD-7]
---*/
select
    month,
    setl_id,
    dcla_time,
    repeated_procedures > 0 as fails,
    cast(null as varchar) as detail
from claim_row
