-- Days of a stay by its dates, at least one; none where a date is missing.
create or replace macro days_of_stay(adm_on, dscg_on) as greatest(1, cast(dscg_on - adm_on as bigint));
