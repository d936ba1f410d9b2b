/*---
describe: Files of which a record of theirs was rejected.
---*/
select month, setl_id, dcla_time, string_agg(file, ', ' order by file) as files
from claims.torn_version
group by month, setl_id, dcla_time
