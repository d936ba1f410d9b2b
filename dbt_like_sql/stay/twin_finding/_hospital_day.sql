/*---
describe: A hospital on a day of discharge.
---*/
select distinct fixmedins_code, dscg_on from claims.twin_version
