/*---
describe: >-
  The law of what has no month yet, by month folder: in force on the folder's first day; before the first value that.
---*/
select f.folder_month, p.* exclude (valid_from)
from (select distinct folder_month from landing.setlinfo) as f
cross join policy.intake as p
qualify row_number() over (
    partition by f.folder_month
    order by p.valid_from <= cast(f.folder_month || '-01' as date) desc, abs(p.valid_from - cast(f.folder_month || '-01' as date))
) = 1
