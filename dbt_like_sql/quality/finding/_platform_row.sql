/*---
describe: What the platform returned of them.
---*/
select month, setl_id, dcla_time, drg_code, status from grouping.platform_case
