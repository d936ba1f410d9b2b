/*---
describe: Their payments.
---*/
select * from claims.payinfo
