/*---
describe: Another delivery of the same version says something else.
law: [JY-31-3, SD-14, GD-7]
---*/
select
    month,
    setl_id,
    dcla_time,
    differing_files is not null as fails,
    'another delivery differs in ' || array_to_string(differing_files, ', ') as detail
from claim_row
