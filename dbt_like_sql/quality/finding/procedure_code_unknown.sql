/*---
describe: The code table of the scheme that groups the month does not have a procedure.
law: [JY-10, SD-12, SD-14, GD-7]
---*/
select
    month,
    setl_id,
    dcla_time,
    case when is_grouped_by_scheme then unknown_procedure_code is not null end as fails,
    unknown_procedure_code || ' is not in the code table' as detail
from claim_row
