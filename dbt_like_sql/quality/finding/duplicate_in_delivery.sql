/*---
describe: The version stands more than once in its delivery.
law: [JY-41, SD-14, GD-7]
---*/
select
    month,
    setl_id,
    dcla_time,
    copies_in_delivery > 1 as fails,
    cast(null as varchar) as detail
from claim_row
