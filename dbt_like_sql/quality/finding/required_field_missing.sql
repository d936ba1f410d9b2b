/*---
describe: The person, the place of insurance, or the code or mark of a diagnosis, procedure, payment or charge is empty.
law: [JY-41, SD-14, GD-7]
---*/
select
    month,
    setl_id,
    dcla_time,
    psn_no is null or insuplc is null or incomplete_records > 0 as fails,
    cast(null as varchar) as detail
from claim_row
