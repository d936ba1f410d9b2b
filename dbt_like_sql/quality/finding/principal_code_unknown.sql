/*---
describe: The code table of the scheme that groups the month does not have the principal diagnosis.
law: [JY-31-3, SD-12, SD-14, GD-7]
---*/
-- The platform has looked at the code itself; a version without a principal diagnosis has no code to look up.
select
    month,
    setl_id,
    dcla_time,
    case when is_grouped_by_scheme and principal_code is not null then not is_principal_code_known end as fails,
    cast(null as varchar) as detail
from claim_row
