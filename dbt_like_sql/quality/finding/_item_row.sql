/*---
describe: Their charges.
---*/
select * from claims.iteminfo
