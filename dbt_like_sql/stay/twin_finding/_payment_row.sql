/*---
describe: Their payments.
---*/
select
    t.month,
    l.* exclude (delivery, folder_month)
from twin_row as t
inner join landing.payinfo as l on l.setl_id = t.setl_id and l.dcla_time = t.dcla_time and l.delivery = t.delivery
