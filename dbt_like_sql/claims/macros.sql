-- Days of a stay by its dates, at least one; none where a date is missing.
create or replace macro days_of_stay(adm_on, dscg_on) as greatest(1, cast(dscg_on - adm_on as bigint));

-- Whether what stands from one day until before another stands on a day; without an end it stands ever after.
create or replace macro stands_on(from_on, until_on, day) as from_on <= day and (until_on is null or until_on > day);
