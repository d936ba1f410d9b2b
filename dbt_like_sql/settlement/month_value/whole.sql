/*---
describe: Each month spends its allocation whole; nothing is carried, and what no claim takes is the month's residue.
when: {month_price: whole}
---*/
select
    month,
    pool,
    cases,
    points,
    fee,
    fund,
    allocation,
    cast(0 as decimal(18, 2)) as carry_in,
    allocation as available,
    allocation as budget_used,
    cast(0 as decimal(18, 2)) as carry_out,
    point_value_of(fee, fund, allocation, points) as point_value
from budgeted_month
