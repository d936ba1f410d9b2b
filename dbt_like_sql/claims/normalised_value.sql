/*---
describe: >-
  How many cells of each delivered file and column were read in another spelling than they came in, and the first of
  them as it came. Only cells of accepted records are counted.
grain: [month, file, column_name]
partition: month
law: [JY-31, SD-14, GD-7]
---*/
with cell as (
    select delivery, 'setlinfo' as name, line, unnest(respelled) as cell from landing.setlinfo
    union all
    select delivery, 'diseinfo' as name, line, unnest(respelled) as cell from landing.diseinfo
    union all
    select delivery, 'oprninfo' as name, line, unnest(respelled) as cell from landing.oprninfo
    union all
    select delivery, 'payinfo' as name, line, unnest(respelled) as cell from landing.payinfo
    union all
    select delivery, 'iteminfo' as name, line, unnest(respelled) as cell from landing.iteminfo
    union all
    select delivery, 'drginfo' as name, line, unnest(respelled) as cell from landing.drginfo
)

select
    f.folder_month as month,
    f.file,
    c.cell['column_name'] as column_name,
    count(*) as changed,
    min(c.line) as line,
    arg_min(c.cell['given'], c.line) as example
from cell as c
inner join landing.file as f
    on f.delivery = c.delivery and f.file = c.delivery || '/' || c.name || '.' || f.format
group by f.folder_month, f.file, c.cell['column_name']
