/*---
describe: The total fee is negative; the version takes a settlement back.
law: [JY-31-3, SD-14, GD-7]
---*/
select
    month,
    setl_id,
    dcla_time,
    medfee_sumamt < 0 and not is_foreign as fails,
    'the total fee is ' || medfee_sumamt as detail
from claim_row
