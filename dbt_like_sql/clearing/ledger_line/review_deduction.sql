/*---
describe: >-
  What the review of cleared cases deducts. What a month deducted already is in what it paid less; the entitlement is
  whole, so each is due here once.
law: [JY-31-2]
---*/
select
    c.year,
    c.fixmedins_code,
    c.pool,
    cast(-sum(d.amount) as decimal(18, 2)) as amount,
    cast(null as varchar) as note
from clearing.annual_case as c
inner join reference.review_deduction as d on d.setl_id = c.setl_id
group by c.year, c.fixmedins_code, c.pool
