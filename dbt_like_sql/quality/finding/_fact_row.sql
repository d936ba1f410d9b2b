/*---
describe: What settlement needs of each of them.
---*/
select * from claims.claim
