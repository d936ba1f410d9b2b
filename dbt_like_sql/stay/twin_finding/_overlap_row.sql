/*---
describe: That stays overlap is no check that refuses them.
---*/
select settlement_month as month, setl_id, dcla_time, 0 as overlaps
from claims.twin_version
where false
