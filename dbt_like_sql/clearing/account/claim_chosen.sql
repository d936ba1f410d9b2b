/*---
describe: The version of each claim that is explained, one row a claim.
---*/
select setl_id, dcla_time, month
from account.claim_choice
qualify row_number() over (partition by setl_id order by preference) = 1
