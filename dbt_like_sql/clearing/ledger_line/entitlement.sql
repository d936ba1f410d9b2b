/*---
describe: What the points of the year are worth, less what patients and other payers bore.
law: [JY-33-3]
---*/
select
    year,
    fixmedins_code,
    pool,
    entitlement as amount,
    cast(points as varchar) || ' points' as note
from clearing.hospital_year
