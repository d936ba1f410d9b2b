with told as (
    select
        b.*,
        version_flaw = 'date_missing' as undated,
        version_flaw = 'required_field_missing' as emptied,
        -- A late delivery's folder is not the claim's month, so there the settlement date is never the missing one.
        below(i, 'which date', if(delivery = 'main', 4, 3)) as missing,
        fee - fund - second_fund as personal,
        floor(personal * getvariable('payment').own)::bigint as own,
        if(employee, floor(personal * getvariable('payment').account)::bigint, 0) as account,
        chance(i, 'twice') < getvariable('rates').twice_in_delivery and version = 1 and version_flaw = 'none' as twice,
        -- Only in the folder of its month: there the claim is found all the same.
        chance(i, 'settled far') < getvariable('rates').settled_far
            and version = 1 and version_flaw = 'none' and delivery = 'main' and settlement = 'own' and direction > 0
            as settled_far
    from batch as b
)
select
    spelt(i, 'setl_id', told.setl_id) as setl_id,
    -- A refund is of the visit that it takes back, a second settlement of that which is settled already.
    'M' || rtrim(told.setl_id, 'TD') as mdtrt_id,
    spelt(i, 'fixmedins_code', case version_flaw
        when 'hospital_unknown' then 'H' || getvariable('area') || '99999'
        when 'hospital_not_under_agreement' then getvariable('closed_hospital').code
        else fixmedins_code
    end) as fixmedins_code,
    case version_flaw
        when 'hospital_unknown' then '未登记医疗机构'
        when 'hospital_not_under_agreement' then getvariable('closed_hospital').name
        when 'unreadable_quoting' then '"' || hospital_name
        when 'unreadable_byte' then hospital_name || chr(0)
        else hospital_name
    end as fixmedins_name,
    spelt(i, 'psn_no', if(emptied and i % 3 = 1, null, 'P' || lpad(person::varchar, 12, '0'))) as psn_no,
    spelt(i, 'gend', case when version_flaw = 'sex_invalid' then '0' else sex end) as gend,
    case
        when undated and missing = 2 then null
        when version_flaw = 'adm_before_birth' then strftime(discharged + 1, '%Y-%m-%d')
        when version_flaw = 'age_birth_date' then strftime(born - interval 4 year, '%Y-%m-%d')
        else strftime(born, '%Y-%m-%d')
    end as brdy,
    date_sub('year', born, admitted) as age,
    age_in_days as nwb_age,
    if(version_flaw = 'newborn_incomplete', null, weight) as nwb_adm_wt,
    spelt(
        i, 'insutype', case when version_flaw = 'insutype_invalid' then '340' when employee then '310' else '390' end
    ) as insutype,
    spelt(i, 'insuplc', case
        when emptied and i % 3 = 2 then null
        when nonlocal then one_of(person, 'area', getvariable('other_areas'))
        else getvariable('area')
    end) as insuplc,
    case
        when undated and missing = 0 then null
        when version_flaw = 'adm_after_dscg' then strftime(moment(discharged + 2, 32400), '%Y-%m-%d %H:%M:%S')
        else strftime(moment(admitted, 25200 + below(i, 'admitted at', 54000)), '%Y-%m-%d %H:%M:%S')
    end as adm_time,
    case
        when not (undated and missing = 1)
            then strftime(moment(discharged, 28800 + below(i, 'discharged at', 32400)), '%Y-%m-%d %H:%M:%S')
    end as dscg_time,
    case
        when undated and missing = 3 then null
        when version_flaw = 'unreadable_date' then strftime(settled, '%Y-02-30')
        when version_flaw = 'dscg_after_settlement' then strftime(discharged - 1, '%Y-%m-%d')
        when settled_far then strftime(settled + interval 100 year, '%Y-%m-%d')
        when version_flaw = 'settlement_after_upload' then strftime(dcla_time::date + 1, '%Y-%m-%d')
        else strftime(settled, '%Y-%m-%d')
    end as setl_end_date,
    strftime(dcla_time, '%Y-%m-%d %H:%M:%S') as dcla_time,
    days + if(version_flaw = 'length_of_stay', 6, 0) as act_ipt_days,
    case
        when version_flaw = 'code_value_domain' and i % 2 = 1 then '7'
        when disposition is not null then disposition
        else one_of(i, 'way', getvariable('ways'))
    end as dscg_way,
    -- What is delivered again says now and then something else.
    if(delivery = 'repeated' and chance(i, 'told otherwise') < getvariable('rates').told_otherwise, '99', department) as dscg_caty,
    '1' as ipt_med_type,
    spelt(i, 'hi_paymtd', if(version_flaw = 'not_drg_scheme', '1', '4')) as hi_paymtd,
    case version_flaw
        when 'unreadable_amount' then yuan(direction * fee) || '5'
        when 'unreadable_number' then 'O' || yuan(direction * fee)
        when 'unreadable_empty' then null
        else yuan(direction * fee)
    end as medfee_sumamt,
    yuan(direction * (personal - own) + if(version_flaw = 'fee_payment_mismatch', 5000, 0)) as psn_selfpay,
    yuan(direction * own) as psn_ownpay,
    yuan(direction * account) as acct_pay,
    -- The last field of a record that has one too many.
    yuan(direction * (personal - account)) || if(version_flaw = 'field_count', ',', '') as psn_cashpay
from (select *, unnest(if(twice, [1, 2], [1])) as copy from told) as told
order by told.setl_id, told.dcla_time
