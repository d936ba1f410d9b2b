/*---
describe: >-
  What each settled case is worth: its points at the month's point value, the fund's part of it, and the
  difference to paying by item. Single cases are rounded for reading; hospitals are settled on their sum.
grain: [month, setl_id]
partition: month
sealed: true
nullable: [point_value]
keeps:
  pricing.case_point: [month, setl_id]
law: [JY-31, JY-32-3, SD-25, GD-21]
---*/
select
    c.month,
    c.setl_id,
    c.fixmedins_code,
    c.pool,
    c.drg,
    c.category,
    c.points,
    v.point_value,
    standard_of(c.points, v.point_value) as standard,
    c.fee,
    c.fund,
    fund_due_of(c.points, v.point_value, c.fee, c.fund) as fund_due,
    difference_of(c.points, v.point_value, c.fee) as difference,
    c.citation
from pricing.case_point as c
left join settlement.month_value as v on v.month = c.month and v.pool = c.pool
