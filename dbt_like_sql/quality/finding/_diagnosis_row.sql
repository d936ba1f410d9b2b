/*---
describe: Their diagnoses.
---*/
select * from claims.diseinfo
