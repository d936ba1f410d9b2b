/*---
describe: Their operations.
---*/
select * from claims.oprninfo
