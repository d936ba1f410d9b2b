/*---
describe: The record has more or fewer fields than its file's header.
law: [JY-41, SD-14, GD-7]
---*/
select
    month,
    setl_id,
    dcla_time,
    fields_found <> fields_expected as fails,
    cast(null as varchar) as detail
from claim_row
