/*---
describe: Their settlement lists.
---*/
select
    t.month,
    l.* exclude (delivery, folder_month)
from twin_row as t
inner join landing.setlinfo as l on l.delivery = t.delivery and l.line = t.line
