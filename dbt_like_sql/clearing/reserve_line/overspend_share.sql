/*---
describe: What the reserve bears of the overspending of hospitals.
law: [JY-35-3]
---*/
select
    year,
    fixmedins_code,
    pool,
    shared as amount,
    'by the tiers ' || cast(tier_share as varchar) as note
from clearing.overspend_share
