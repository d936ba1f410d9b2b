/*---
describe: The sex is empty or outside its domain.
law: [JY-31-3, SD-12, SD-14, GD-7]
---*/
select
    month,
    setl_id,
    dcla_time,
    not is_sex_known as fails,
    'gend ' || coalesce(gend, 'empty') as detail
from claim_row
