/*---
describe: >-
  What grouping looks at, of every claim version whatever the checks say: the western diagnoses, the procedures in
  their order, and the patient. A version without a principal diagnosis has none, and no other one moves up.
grain: [month, setl_id, dcla_time]
partition: month
keeps:
  claims.setlinfo: [month, setl_id, dcla_time]
nullable:
  - sex
  - age_years
  - age_days
  - newborn_weight_g
  - los_days
  - discharge_disposition
  - department
  - icu_hours
  - principal_diagnosis
  - principal_procedure
law: [JY-10, SD-17, GD-12]
---*/
-- The rows of a claim are sorted as a list: an aggregate with an `order by` sets up a sort for each claim, which takes
-- eight times as long. What is missing comes last.
with diagnosis as (
    select
        month,
        setl_id,
        dcla_time,
        bool_or(coalesce(maindiag_flag = '1', false)) as has_principal,
        list_transform(
            list_sort(list({
                'further': not coalesce(maindiag_flag = '1', false),
                'unnumbered': diag_srt_no is null,
                'number': diag_srt_no,
                'uncoded': diag_code is null,
                'code': diag_code,
                'line': line
            })),
            lambda d: d.code
        ) as codes
    from claims.diseinfo
    where coalesce(diag_type, '1') = '1'
    group by month, setl_id, dcla_time
),

procedure as (
    select
        month,
        setl_id,
        dcla_time,
        list_transform(
            list_sort(list({
                'untyped': oprn_oprt_type is null,
                'type': oprn_oprt_type,
                'unnumbered': oprn_srt_no is null,
                'number': oprn_srt_no,
                'code': oprn_oprt_code,
                'line': line
            })),
            lambda p: p.code
        ) as codes
    from claims.oprninfo
    where oprn_oprt_code is not null
    group by month, setl_id, dcla_time
),

numbered as (
    select
        month,
        setl_id,
        dcla_time,
        adm_on,
        dscg_on,
        row_number() over (partition by month order by setl_id, dcla_time) as record_no
    from claims.claim
)
select
    s.month,
    s.setl_id,
    s.dcla_time,
    c.record_no,
    s.gend as sex,
    -- An age that nobody has is taken as missing, and so is one that the dates give.
    coalesce(
        case when s.age between 0 and g.age_years_ceiling then s.age end,
        case
            when date_sub('year', s.brdy, c.adm_on) between 0 and g.age_years_ceiling and s.brdy <= c.adm_on
                then date_sub('year', s.brdy, c.adm_on)
        end
    ) as age_years,
    coalesce(
        case when s.nwb_age between 0 and g.age_days_ceiling then s.nwb_age end,
        case when s.brdy <= c.adm_on then date_sub('day', s.brdy, c.adm_on) end
    ) as age_days,
    s.nwb_adm_wt as newborn_weight_g,
    cast(c.dscg_on - c.adm_on as bigint) as los_days,
    s.dscg_way as discharge_disposition,
    s.dscg_caty as department,
    cast(null as bigint) as icu_hours,
    case when d.has_principal then d.codes[1] end as principal_diagnosis,
    coalesce(case when d.has_principal then d.codes[2:] else d.codes end, cast([] as varchar[])) as other_diagnoses,
    p.codes[1] as principal_procedure,
    coalesce(p.codes[2:], cast([] as varchar[])) as other_procedures
from claims.setlinfo as s
left join policy.grouping as g on g.month = s.month
inner join numbered as c on c.month = s.month and c.setl_id = s.setl_id and c.dcla_time = s.dcla_time
left join diagnosis as d on d.month = s.month and d.setl_id = s.setl_id and d.dcla_time = s.dcla_time
left join procedure as p on p.month = s.month and p.setl_id = s.setl_id and p.dcla_time = s.dcla_time
