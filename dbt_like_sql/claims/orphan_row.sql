/*---
describe: Child records whose claim version did not come with them. They are kept and counted, and price nothing.
grain: [month, delivery, file, line]
partition: month
---*/
with child as (
    select delivery, folder_month, 'diseinfo' as file, line, setl_id, dcla_time from landing.diseinfo
    union all
    select delivery, folder_month, 'oprninfo' as file, line, setl_id, dcla_time from landing.oprninfo
    union all
    select delivery, folder_month, 'payinfo' as file, line, setl_id, dcla_time from landing.payinfo
    union all
    select delivery, folder_month, 'iteminfo' as file, line, setl_id, dcla_time from landing.iteminfo
    union all
    select delivery, folder_month, 'drginfo' as file, line, setl_id, dcla_time from landing.drginfo
)

select
    c.folder_month as month,
    c.delivery,
    c.file,
    c.line,
    c.setl_id,
    c.dcla_time
from child as c
left join landing.setlinfo as h
    on h.delivery = c.delivery and h.setl_id = c.setl_id and h.dcla_time = c.dcla_time
where h.setl_id is null
