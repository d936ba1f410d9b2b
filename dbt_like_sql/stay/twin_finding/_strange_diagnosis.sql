/*---
describe: That the scheme does not have further diagnoses is no check that refuses them.
---*/
select settlement_month as month, setl_id, dcla_time, cast(null as varchar) as code
from claims.twin_version
where false
