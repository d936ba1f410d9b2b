/*---
describe: "An entitlement above zero, times what the year's assessment is above or below one."
law: [JY-34]
---*/
select
    year,
    fixmedins_code,
    pool,
    cast(yuan_times(entitlement, assessment_coefficient - 1) as decimal(18, 2)) as amount,
    'coefficient ' || cast(assessment_coefficient as varchar) as note
from clearing.hospital_year
where entitlement > 0
