/*---
describe: What of the entitlement is above the cap of the hospital's level.
law: [JY-35-2]
---*/
select
    year,
    fixmedins_code,
    pool,
    cast(-over_cap as decimal(18, 2)) as amount,
    cast(null as varchar) as note
from clearing.surplus
