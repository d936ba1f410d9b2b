/*---
describe: Each of them among the versions of its claim.
---*/
select * from claims.version_index
