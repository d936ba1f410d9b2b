/*---
describe: >-
  One row for each claim version with all that its checks ask: the uploaded record, its children counted, its place in
  the reference and in the code tables, and the figures of policy.quality. Checks name what they need; the rest costs
  nothing. Which versions, and where their records lie, is said by the shared SELECTs of the folder that is gathered.
---*/
with diagnosis as (
    select
        month,
        setl_id,
        dcla_time,
        count(*) filter (where maindiag_flag = '1' and coalesce(diag_type, '1') = '1') as principals,
        -- A `count(distinct ...)` would hash every row a second time.
        count(diag_code) - list_unique(list(diag_code)) as repeated,
        count(*) filter (where diag_code is null or maindiag_flag is null) as incomplete,
        count(adm_cond_type) as conditions,
        count(*) filter (where adm_cond_type not in ('1', '2', '3', '4')) as strange_conditions
    from diagnosis_row
    group by month, setl_id, dcla_time
),

operation as (
    select
        month,
        setl_id,
        dcla_time,
        count(oprn_oprt_code)
            - list_unique(list(oprn_oprt_code || ' ' || coalesce(cast(oprn_oprt_date as varchar), ''))) as repeated,
        count(*) filter (where oprn_oprt_code is null) as incomplete,
        cast(min(oprn_oprt_date) as date) as first_on,
        cast(max(oprn_oprt_date) as date) as last_on
    from operation_row
    group by month, setl_id, dcla_time
),

-- Only payments that may be wrong: most claims have none to join.
payment as (
    select
        p.month,
        p.setl_id,
        p.dcla_time,
        count(*) filter (where p.fund_pay_type is null) as incomplete,
        count(*) filter (where p.fund_payamt < 0) as negative,
        min(p.fund_pay_type) filter (where t.fund_pay_type is null) as unknown_type
    from payment_row as p
    left join policy.fund_type as t on t.month = p.month and t.fund_pay_type = p.fund_pay_type
    where t.fund_pay_type is null or p.fund_payamt < 0
    group by p.month, p.setl_id, p.dcla_time
),

item as (
    select
        month,
        setl_id,
        dcla_time,
        count(*) filter (where med_chrgitm is null) as incomplete,
        count(*) filter (where amt < 0) as negative,
        max(abs(amt - (claa_sumfee + clab_amt + fulamt_ownpay_amt + oth_amt))) as widest_gap
    from item_row
    group by month, setl_id, dcla_time
),

-- A hospital on a day of discharge, not once for each claim.
hospital as (
    select
        c.fixmedins_code,
        c.dscg_on,
        count(h.fixmedins_code) > 0 as is_known,
        coalesce(
            bool_or(
                h.agreement_status = 'active'
                and h.valid_from <= c.dscg_on
                and (h.valid_to is null or h.valid_to >= c.dscg_on)
            ),
            false
        ) as is_under_agreement
    from hospital_day as c
    left join reference.hospital as h on h.fixmedins_code = c.fixmedins_code
    group by c.fixmedins_code, c.dscg_on
)

select
    s.*,
    c.adm_on,
    c.dscg_on,
    cast(s.dcla_time as date) as uploaded_on,
    c.dscg_on - c.adm_on as stay_days,
    date_sub('year', s.brdy, c.adm_on) as years_at_admission,
    date_sub('day', s.brdy, c.adm_on) as days_at_admission,
    c.fee,
    c.charged,
    c.all_funds,
    v.copies_in_delivery,
    v.is_foreign,
    v.is_after_upload,
    z.files as torn_files,
    m.files as differing_files,
    -- Of the children; what is empty is said of versions without any.
    coalesce(d.principals, 0) as principal_diagnoses,
    d.repeated as repeated_diagnoses,
    coalesce(d.conditions, 0) as admission_conditions,
    coalesce(d.strange_conditions, 0) as strange_admission_conditions,
    o.repeated as repeated_procedures,
    o.first_on as first_procedure_on,
    o.last_on as last_procedure_on,
    i.widest_gap as widest_charge_gap,
    coalesce(d.incomplete, 0) + coalesce(o.incomplete, 0) + coalesce(p.incomplete, 0) + coalesce(i.incomplete, 0)
        as incomplete_records,
    coalesce(p.negative, 0) + coalesce(i.negative, 0) as negative_records,
    p.unknown_type as unknown_fund_type,
    coalesce(y.overlaps, 0) as overlapping_stays,
    -- Of the reference and of the code tables.
    h.is_known as is_hospital_known,
    h.is_under_agreement,
    x.gend is not null as is_sex_known,
    t.insutype is not null as is_insutype_known,
    w.hi_paymtd is not null as is_paid_by_groups,
    g.month is not null as is_grouped_by_scheme,
    r.principal_diagnosis as principal_code,
    k.code is not null as is_principal_code_known,
    sd.code as unknown_secondary_code,
    sp.code as unknown_procedure_code,
    f.drg_code as platform_code,
    f.status as platform_status,
    q.* exclude (month)
from list_row as s
inner join fact_row as c on c.month = s.month and c.setl_id = s.setl_id and c.dcla_time = s.dcla_time
inner join version_row as v on v.setl_id = s.setl_id and v.dcla_time = s.dcla_time
inner join hospital as h
    on h.fixmedins_code is not distinct from c.fixmedins_code and h.dscg_on is not distinct from c.dscg_on
-- A month without its law loses its versions, which the table must keep: an empty figure would read "does not apply".
inner join policy.quality as q on q.month = s.month
left join policy.sex_domain as x on x.month = s.month and x.gend = s.gend
left join policy.insutype_domain as t on t.month = s.month and t.insutype = s.insutype
left join policy.drg_payment_scheme as w on w.month = s.month and w.hi_paymtd = s.hi_paymtd
left join policy.grouping as g on g.month = s.month and g.grouping_source = 'scheme'
left join record_row as r on r.month = s.month and r.setl_id = s.setl_id and r.dcla_time = s.dcla_time
left join scheme.diagnosis as k on k.scheme = g.scheme and k.code = r.principal_diagnosis
left join strange_diagnosis as sd on sd.month = s.month and sd.setl_id = s.setl_id and sd.dcla_time = s.dcla_time
left join strange_procedure as sp on sp.month = s.month and sp.setl_id = s.setl_id and sp.dcla_time = s.dcla_time
left join platform_row as f on f.month = s.month and f.setl_id = s.setl_id and f.dcla_time = s.dcla_time
left join diagnosis as d on d.month = s.month and d.setl_id = s.setl_id and d.dcla_time = s.dcla_time
left join operation as o on o.month = s.month and o.setl_id = s.setl_id and o.dcla_time = s.dcla_time
left join payment as p on p.month = s.month and p.setl_id = s.setl_id and p.dcla_time = s.dcla_time
left join item as i on i.month = s.month and i.setl_id = s.setl_id and i.dcla_time = s.dcla_time
left join torn_row as z on z.month = s.month and z.setl_id = s.setl_id and z.dcla_time = s.dcla_time
left join copy_row as m on m.setl_id = s.setl_id and m.dcla_time = s.dcla_time
left join overlap_row as y on y.month = s.month and y.setl_id = s.setl_id and y.dcla_time = s.dcla_time
