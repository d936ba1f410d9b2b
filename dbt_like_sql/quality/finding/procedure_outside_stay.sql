/*---
describe: A procedure was done before the day of admission or after that of discharge.
law: [JY-41, SD-14, GD-7]
---*/
select
    month,
    setl_id,
    dcla_time,
    first_procedure_on < adm_on or last_procedure_on > dscg_on as fails,
    cast(null as varchar) as detail
from claim_row
