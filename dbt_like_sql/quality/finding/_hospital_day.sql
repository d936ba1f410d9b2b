/*---
describe: A hospital on a day of discharge, not once for each claim.
---*/
select distinct fixmedins_code, dscg_on from claims.claim
