/*---
describe: The place of insurance is no code of a division; the claim has no pool.
law: [JY-2, JY-7, SD-12, SD-14, GD-7]
---*/
-- A claim without a place is nonlocal, with a warning of its own.
select
    month,
    setl_id,
    dcla_time,
    not regexp_full_match(insuplc, division_pattern) as fails,
    'insuplc ' || insuplc as detail
from claim_row
