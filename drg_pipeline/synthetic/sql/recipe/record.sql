-- A draft as a case of the grouper.
select
    c::varchar as case_id,
    sex,
    age as age_years,
    coalesce(age_in_days, age * 365 + age // 4 + 40) as age_days,
    weight as newborn_weight_g,
    los as los_days,
    coalesce(disposition, '1') as discharge_disposition,
    department,
    null::bigint as icu_hours,
    diagnoses,
    procedures,
    record_no
from draft
