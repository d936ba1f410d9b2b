/*---
describe: The scheme of insurance is empty or not one that the pools know.
law: [JY-7, SD-12, SD-14, GD-7]
---*/
select
    month,
    setl_id,
    dcla_time,
    not is_insutype_known as fails,
    'insutype ' || coalesce(insutype, 'empty') as detail
from claim_row
