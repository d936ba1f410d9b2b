/*---
describe: >-
  One column per check of policy.quality_check, true where the claim version fails it. Stays are compared
  within a settlement month.
grain: [month, setl_id, dcla_time]
partition: month
keeps:
  claims.setlinfo: [month, setl_id, dcla_time]
flags: policy.quality_check
law: [JY-31-2, SD-12, SD-13, SD-14, GD-7]
---*/
with diagnosis as (
    select
        month,
        setl_id,
        dcla_time,
        count(*) filter (where maindiag_flag = '1' and coalesce(diag_type, '1') = '1') as principals,
        -- A `count(distinct ...)` would hash every diagnosis a second time.
        count(diag_code) - list_unique(list(diag_code)) as repeated,
        count(*) filter (where diag_code is null or maindiag_flag is null) as incomplete,
        count(*) filter (where coalesce(adm_cond_type, '1') not in ('1', '2', '3', '4')) as outside_domain
    from claims.diseinfo
    group by month, setl_id, dcla_time
),

operation as (
    select
        month,
        setl_id,
        dcla_time,
        count(oprn_oprt_code) - count(distinct oprn_oprt_code || ' ' || coalesce(cast(oprn_oprt_date as varchar), '')) as repeated,
        count(*) filter (where oprn_oprt_code is null) as incomplete,
        cast(min(oprn_oprt_date) as date) as first_on,
        cast(max(oprn_oprt_date) as date) as last_on
    from claims.oprninfo
    group by month, setl_id, dcla_time
),

-- Of payments and charges only what may be wrong: most claims have nothing to join.
payment as (
    select
        month,
        setl_id,
        dcla_time,
        count(*) filter (where fund_pay_type is null) as incomplete,
        count(*) filter (where fund_payamt < 0) as negative
    from claims.payinfo
    group by month, setl_id, dcla_time
    having incomplete > 0 or negative > 0
),

item as (
    select
        month,
        setl_id,
        dcla_time,
        count(*) filter (where med_chrgitm is null) as incomplete,
        count(*) filter (where amt < 0) as negative,
        max(abs(amt - (claa_sumfee + clab_amt + fulamt_ownpay_amt + oth_amt))) as category_gap
    from claims.iteminfo
    group by month, setl_id, dcla_time
    having incomplete > 0 or negative > 0 or category_gap > 0
),

-- A hospital on a day of discharge, not once for each claim.
hospital as (
    select
        c.fixmedins_code,
        c.dscg_on,
        count(h.fixmedins_code) as rows_known,
        count(*) filter (
            where h.agreement_status = 'active'
            and h.valid_from <= c.dscg_on
            and (h.valid_to is null or h.valid_to >= c.dscg_on)
        ) as rows_active
    from (select distinct fixmedins_code, dscg_on from claims.claim) as c
    left join reference.hospital as h on h.fixmedins_code = c.fixmedins_code
    group by c.fixmedins_code, c.dscg_on
),

stay as (
    select
        a.month,
        a.setl_id,
        a.dcla_time,
        count(b.setl_id) as overlaps
    from claims.claim as a
    inner join claims.claim as b
        on b.month = a.month
        and b.psn_no = a.psn_no
        and b.setl_id <> a.setl_id
        and b.adm_on < a.dscg_on
        and b.dscg_on > a.adm_on
    group by a.month, a.setl_id, a.dcla_time
)

select
    s.month,
    s.setl_id,
    s.dcla_time,
    -- Fatal by rulebook 2.1.
    s.adm_time is null or s.dscg_time is null or s.setl_end_date is null or s.brdy is null as date_missing,
    coalesce(c.adm_on > c.dscg_on, false) as adm_after_dscg,
    coalesce(c.dscg_on > cast(s.dcla_time as date), false) as date_implausible,
    abs(c.fee - c.charged) > q.fee_sum_tolerance as fee_sum_mismatch,
    coalesce(d.principals, 0) <> 1 as principal_diagnosis,
    h.rows_known = 0 as hospital_unknown,
    h.rows_active = 0 as hospital_not_under_agreement,
    -- Asked of the code table when a scheme groups; the platform has looked at the code itself.
    g.month is not null and r.principal_diagnosis is not null and k.code is null as principal_code_unknown,
    s.hi_paymtd is not null and w.hi_paymtd is null as not_drg_scheme,
    x.gend is null as sex_invalid,
    t.insutype is null as insutype_invalid,
    -- Warnings.
    s.psn_no is null or s.insuplc is null
        or coalesce(d.incomplete, 0) + coalesce(o.incomplete, 0) + coalesce(p.incomplete, 0) + coalesce(i.incomplete, 0) > 0
        as required_field_missing,
    coalesce(c.adm_on < s.brdy, false) as adm_before_birth,
    coalesce(c.dscg_on > s.setl_end_date, false) as dscg_after_settlement,
    coalesce(s.setl_end_date > cast(s.dcla_time as date), false) as settlement_after_upload,
    coalesce(abs(s.act_ipt_days - (c.dscg_on - c.adm_on)) > q.los_tolerance, false)
        or coalesce(c.dscg_on - c.adm_on > q.stay_days_ceiling, false) as length_of_stay,
    coalesce(abs(s.age - date_sub('year', s.brdy, c.adm_on)) > q.age_tolerance, false) as age_birth_date,
    coalesce(date_sub('day', s.brdy, c.adm_on) <= q.newborn_age_days, false)
        and (
            s.nwb_age is null or s.nwb_adm_wt is null
            or s.nwb_adm_wt < q.newborn_weight_low or s.nwb_adm_wt > q.newborn_weight_high
        ) as newborn_incomplete,
    coalesce(d.repeated, 0) > 0 as duplicate_diagnosis,
    coalesce(o.repeated, 0) > 0 as duplicate_procedure,
    coalesce(o.first_on < c.adm_on, false) or coalesce(o.last_on > c.dscg_on, false) as procedure_outside_stay,
    coalesce(abs(c.fee - c.all_funds - s.psn_selfpay - s.psn_ownpay) > q.fee_sum_tolerance, false) as fee_payment_mismatch,
    c.fee < 0 or coalesce(p.negative, 0) + coalesce(i.negative, 0) > 0
        or coalesce(least(s.psn_selfpay, s.psn_ownpay, s.acct_pay, s.psn_cashpay) < 0, false) as negative_amount,
    coalesce(c.fee > q.fee_per_day_ceiling * greatest(c.dscg_on - c.adm_on, 1), false) as fee_per_day,
    c.fee < q.fee_floor as fee_below_floor,
    v.copies_in_delivery > 1 as duplicate_in_delivery,
    s.fields_found <> s.fields_expected as field_count,
    coalesce(y.overlaps, 0) > 0 as overlapping_stay,
    coalesce(s.dscg_way not in ('1', '2', '3', '4', '5', '9'), false)
        or coalesce(s.ipt_med_type not in ('1', '2'), false)
        or coalesce(d.outside_domain, 0) > 0 as code_value_domain,
    coalesce(i.category_gap > q.fee_sum_tolerance, false) as charge_category_sum
from claims.setlinfo as s
inner join claims.claim as c on c.month = s.month and c.setl_id = s.setl_id and c.dcla_time = s.dcla_time
inner join claims.version_index as v on v.setl_id = s.setl_id and v.dcla_time = s.dcla_time
inner join hospital as h
    on h.fixmedins_code is not distinct from c.fixmedins_code and h.dscg_on is not distinct from c.dscg_on
left join policy.quality as q on q.month = s.month
left join policy.sex_domain as x on x.month = s.month and x.gend = s.gend
left join policy.insutype_domain as t on t.month = s.month and t.insutype = s.insutype
left join policy.drg_payment_scheme as w on w.month = s.month and w.hi_paymtd = s.hi_paymtd
left join policy.grouping as g on g.month = s.month and g.grouping_source = 'scheme'
left join grouping.record as r on r.month = s.month and r.setl_id = s.setl_id and r.dcla_time = s.dcla_time
left join scheme.diagnosis as k on k.scheme = g.scheme and k.code = r.principal_diagnosis
left join diagnosis as d on d.month = s.month and d.setl_id = s.setl_id and d.dcla_time = s.dcla_time
left join operation as o on o.month = s.month and o.setl_id = s.setl_id and o.dcla_time = s.dcla_time
left join payment as p on p.month = s.month and p.setl_id = s.setl_id and p.dcla_time = s.dcla_time
left join item as i on i.month = s.month and i.setl_id = s.setl_id and i.dcla_time = s.dcla_time
left join stay as y on y.month = s.month and y.setl_id = s.setl_id and y.dcla_time = s.dcla_time
