/*---
describe: What the platform returned is neither a code of a group nor a word for none.
law: [JY-10, SD-14, GD-7]
---*/
select
    month,
    setl_id,
    dcla_time,
    case when not is_grouped_by_scheme and platform_code is not null then platform_status = 'invalid_input' end as fails,
    'drg_code ' || platform_code as detail
from claim_row
