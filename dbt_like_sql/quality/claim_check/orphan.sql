/*---
describe: Child records came without their claim version.
law: [JY-41, SD-14, GD-7]
---*/
select
    month,
    setl_id,
    dcla_time,
    'records in ' || string_agg(distinct file, ', ' order by file) || ' came without their claim' as detail
from claims.orphan_row
group by month, setl_id, dcla_time
