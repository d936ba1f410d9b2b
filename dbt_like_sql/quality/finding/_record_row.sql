/*---
describe: What grouping looks at of them.
---*/
select month, setl_id, dcla_time, principal_diagnosis from grouping.record
