/*---
describe: A record of the version was rejected; it came in part.
law: [JY-31-3, SD-14, GD-7]
---*/
select
    month,
    setl_id,
    dcla_time,
    torn_files is not null as fails,
    'a record in ' || torn_files || ' was rejected' as detail
from claim_row
