/*---
describe: >-
  Each further delivery of a claim version that came in several, and in which of its files it says something else than
  the delivery that stands: typed values, of child files the rows whatever their order. What is empty, a column that is
  missing and a file that is missing are alike; rejected records are no difference.
grain: [setl_id, dcla_time, delivery]
partition: none
slice: {month: settlement_month, key: setl_id}
nullable: [differing_files]
law: [JY-31-1, SD-14, GD-7]
---*/
-- Few versions come twice: they are found by a number first, and only their rows are compared.
with copied as materialized (
    select setl_id, dcla_time
    from landing.setlinfo
    where hash(setl_id, dcla_time) in (
        select hash(setl_id, dcla_time)
        from landing.setlinfo
        group by hash(setl_id, dcla_time)
        having count(*) > 1
    )
    group by setl_id, dcla_time
    having min(delivery) <> max(delivery)
),

-- Of rows that one delivery has twice, of the list and of the platform's group, the last one stands.
said as materialized (
    select
        'setlinfo' as file,
        l.setl_id,
        l.dcla_time,
        l.delivery,
        cast(to_json(arg_max({
            'mdtrt_id': l.mdtrt_id, 'fixmedins_code': l.fixmedins_code,
            'fixmedins_name': l.fixmedins_name, 'psn_no': l.psn_no, 'gend': l.gend, 'brdy': l.brdy,
            'age': l.age, 'nwb_age': l.nwb_age, 'nwb_adm_wt': l.nwb_adm_wt, 'insutype': l.insutype,
            'insuplc': l.insuplc, 'adm_time': l.adm_time, 'dscg_time': l.dscg_time,
            'setl_end_date': l.setl_end_date, 'act_ipt_days': l.act_ipt_days, 'dscg_way': l.dscg_way,
            'dscg_caty': l.dscg_caty, 'ipt_med_type': l.ipt_med_type, 'hi_paymtd': l.hi_paymtd,
            'medfee_sumamt': l.medfee_sumamt, 'psn_selfpay': l.psn_selfpay, 'psn_ownpay': l.psn_ownpay,
            'acct_pay': l.acct_pay, 'psn_cashpay': l.psn_cashpay
        }, l.line)) as varchar) as content
    from landing.setlinfo as l
    inner join copied as c on c.setl_id = l.setl_id and c.dcla_time = l.dcla_time
    group by l.setl_id, l.dcla_time, l.delivery
    union all
    select
        'diseinfo' as file,
        l.setl_id,
        l.dcla_time,
        l.delivery,
        cast(to_json(list_sort(list({
            'diag_srt_no': l.diag_srt_no, 'diag_type': l.diag_type, 'maindiag_flag': l.maindiag_flag,
            'diag_code': l.diag_code, 'diag_name': l.diag_name, 'adm_cond_type': l.adm_cond_type
        }))) as varchar) as content
    from landing.diseinfo as l
    inner join copied as c on c.setl_id = l.setl_id and c.dcla_time = l.dcla_time
    group by l.setl_id, l.dcla_time, l.delivery
    union all
    select
        'oprninfo' as file,
        l.setl_id,
        l.dcla_time,
        l.delivery,
        cast(to_json(list_sort(list({
            'oprn_srt_no': l.oprn_srt_no, 'oprn_oprt_type': l.oprn_oprt_type,
            'oprn_oprt_code': l.oprn_oprt_code, 'oprn_oprt_name': l.oprn_oprt_name,
            'oprn_oprt_date': l.oprn_oprt_date
        }))) as varchar) as content
    from landing.oprninfo as l
    inner join copied as c on c.setl_id = l.setl_id and c.dcla_time = l.dcla_time
    group by l.setl_id, l.dcla_time, l.delivery
    union all
    select
        'payinfo' as file,
        l.setl_id,
        l.dcla_time,
        l.delivery,
        cast(to_json(list_sort(list({
            'fund_pay_type': l.fund_pay_type, 'fund_payamt': l.fund_payamt
        }))) as varchar) as content
    from landing.payinfo as l
    inner join copied as c on c.setl_id = l.setl_id and c.dcla_time = l.dcla_time
    group by l.setl_id, l.dcla_time, l.delivery
    union all
    select
        'iteminfo' as file,
        l.setl_id,
        l.dcla_time,
        l.delivery,
        cast(to_json(list_sort(list({
            'med_chrgitm': l.med_chrgitm, 'amt': l.amt, 'claa_sumfee': l.claa_sumfee,
            'clab_amt': l.clab_amt, 'fulamt_ownpay_amt': l.fulamt_ownpay_amt, 'oth_amt': l.oth_amt
        }))) as varchar) as content
    from landing.iteminfo as l
    inner join copied as c on c.setl_id = l.setl_id and c.dcla_time = l.dcla_time
    group by l.setl_id, l.dcla_time, l.delivery
    union all
    select
        'drginfo' as file,
        l.setl_id,
        l.dcla_time,
        l.delivery,
        cast(to_json(arg_max({
            'drg_code': l.drg_code, 'scheme': l.scheme
        }, l.line)) as varchar) as content
    from landing.drginfo as l
    inner join copied as c on c.setl_id = l.setl_id and c.dcla_time = l.dcla_time
    group by l.setl_id, l.dcla_time, l.delivery
),

copy as (
    select
        i.settlement_month,
        s.setl_id,
        s.dcla_time,
        s.delivery,
        i.delivery as standing_delivery
    from said as s
    inner join claims.version_index as i on i.setl_id = s.setl_id and i.dcla_time = s.dcla_time
    where s.file = 'setlinfo' and s.delivery <> i.delivery
),

differing as (
    select c.setl_id, c.dcla_time, c.delivery, f.file
    from copy as c
    cross join (select distinct file from said) as f
    left join said as own
        on own.file = f.file and own.setl_id = c.setl_id and own.dcla_time = c.dcla_time and own.delivery = c.delivery
    left join said as other
        on other.file = f.file
        and other.setl_id = c.setl_id
        and other.dcla_time = c.dcla_time
        and other.delivery = c.standing_delivery
    where own.content is distinct from other.content
)

select
    c.settlement_month,
    c.setl_id,
    c.dcla_time,
    c.delivery,
    c.standing_delivery,
    string_agg(d.file, ', ' order by d.file) as differing_files
from copy as c
left join differing as d on d.setl_id = c.setl_id and d.dcla_time = c.dcla_time and d.delivery = c.delivery
group by c.settlement_month, c.setl_id, c.dcla_time, c.delivery, c.standing_delivery
