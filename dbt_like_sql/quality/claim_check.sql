/*---
describe: >-
  One row for each check that a claim version fails, with its severity. `orphan` rows stand for child
  records that came without their claim version, in the month of their delivery.
grain: [month, setl_id, dcla_time, check_id]
partition: month
nullable: [detail]
law: [JY-31-3, SD-14]
---*/
with failed as (
    select
        month,
        setl_id,
        dcla_time,
        unnest(list_filter([
            case when date_missing then 'date_missing' end,
            case when adm_after_dscg then 'adm_after_dscg' end,
            case when date_implausible then 'date_implausible' end,
            case when fee_sum_mismatch then 'fee_sum_mismatch' end,
            case when principal_diagnosis then 'principal_diagnosis' end,
            case when hospital_unknown then 'hospital_unknown' end,
            case when hospital_not_under_agreement then 'hospital_not_under_agreement' end,
            case when principal_code_unknown then 'principal_code_unknown' end,
            case when not_drg_scheme then 'not_drg_scheme' end,
            case when sex_invalid then 'sex_invalid' end,
            case when insutype_invalid then 'insutype_invalid' end,
            case when required_field_missing then 'required_field_missing' end,
            case when adm_before_birth then 'adm_before_birth' end,
            case when dscg_after_settlement then 'dscg_after_settlement' end,
            case when settlement_after_upload then 'settlement_after_upload' end,
            case when length_of_stay then 'length_of_stay' end,
            case when age_birth_date then 'age_birth_date' end,
            case when newborn_incomplete then 'newborn_incomplete' end,
            case when duplicate_diagnosis then 'duplicate_diagnosis' end,
            case when duplicate_procedure then 'duplicate_procedure' end,
            case when procedure_outside_stay then 'procedure_outside_stay' end,
            case when fee_payment_mismatch then 'fee_payment_mismatch' end,
            case when negative_amount then 'negative_amount' end,
            case when fee_per_day then 'fee_per_day' end,
            case when fee_below_floor then 'fee_below_floor' end,
            case when duplicate_in_delivery then 'duplicate_in_delivery' end,
            case when field_count then 'field_count' end,
            case when overlapping_stay then 'overlapping_stay' end,
            case when code_value_domain then 'code_value_domain' end,
            case when charge_category_sum then 'charge_category_sum' end
        ], lambda failing: failing is not null)) as check_id
    from quality.claim_flag
),

orphan as (
    select
        month,
        setl_id,
        dcla_time,
        'orphan' as check_id,
        string_agg(distinct file, ', ' order by file) as files
    from claims.orphan_row
    group by month, setl_id, dcla_time
),

found as (
    select month, setl_id, dcla_time, check_id, cast(null as varchar) as files from failed
    union all
    select month, setl_id, dcla_time, check_id, files from orphan
)

select
    f.month,
    f.setl_id,
    f.dcla_time,
    f.check_id,
    k.severity,
    case f.check_id
        when 'fee_sum_mismatch'
            then 'fee ' || cast(c.fee as varchar) || ', charges add up to ' || cast(c.charged as varchar)
        when 'date_missing'
            then concat_ws(', ',
                case when c.adm_on is null then 'adm_time' end,
                case when c.dscg_on is null then 'dscg_time' end,
                case when c.setl_end_date is null then 'setl_end_date' end,
                case when c.brdy is null then 'brdy' end) || ' is empty'
        when 'adm_after_dscg'
            then 'admitted ' || cast(c.adm_on as varchar) || ', discharged ' || cast(c.dscg_on as varchar)
        when 'date_implausible'
            then 'discharged ' || cast(c.dscg_on as varchar) || ', uploaded ' || cast(cast(f.dcla_time as date) as varchar)
        when 'hospital_unknown' then coalesce(c.fixmedins_code, 'empty') || ' is not in the hospital reference'
        when 'hospital_not_under_agreement'
            then coalesce(c.fixmedins_code, 'empty') || ' has no active agreement on ' || coalesce(cast(c.dscg_on as varchar), 'an empty date')
        when 'not_drg_scheme' then 'hi_paymtd ' || coalesce(c.hi_paymtd, 'empty')
        when 'sex_invalid' then 'gend ' || coalesce(c.gend, 'empty')
        when 'insutype_invalid' then 'insutype ' || coalesce(c.insutype, 'empty')
        when 'orphan' then 'records in ' || f.files || ' came without their claim'
    end as detail
from found as f
left join claims.claim as c on c.month = f.month and c.setl_id = f.setl_id and c.dcla_time = f.dcla_time
left join policy.quality_check as k on k.month = f.month and k.check_id = f.check_id
