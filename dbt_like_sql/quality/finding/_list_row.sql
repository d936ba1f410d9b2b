/*---
describe: The settlement lists that are checked.
---*/
select * from claims.setlinfo
