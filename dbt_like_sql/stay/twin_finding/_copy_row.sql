/*---
describe: What other deliveries say is no check that refuses them.
---*/
select setl_id, dcla_time, cast([] as varchar[]) as files
from claims.twin_version
where false
