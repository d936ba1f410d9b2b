with told as (
    select
        b.*,
        version_flaw = 'date_missing' as undated,
        -- A late delivery's folder is not the claim's month, so there the settlement date is never the missing one.
        below(i, 'which date', if(delivery = 'main', 4, 3)) as missing,
        fee - fund - second_fund as personal,
        chance(i, 'twice') < getvariable('rate').twice_in_delivery and version = 1 and version_flaw = 'none' as twice
    from batch as b
)
select
    setl_id,
    'M' || setl_id as mdtrt_id,
    case version_flaw
        when 'hospital_unknown' then 'H' || getvariable('area') || '99999'
        when 'hospital_not_under_agreement' then getvariable('closed_hospital').code
        else fixmedins_code
    end as fixmedins_code,
    case version_flaw
        when 'hospital_unknown' then '未登记医疗机构'
        when 'hospital_not_under_agreement' then getvariable('closed_hospital').name
        else hospital_name
    end as fixmedins_name,
    'P' || lpad(person::varchar, 12, '0') as psn_no,
    case when version_flaw = 'sex_invalid' then '0' else sex end as gend,
    case when not (undated and missing = 2) then strftime(born, '%Y-%m-%d') end as brdy,
    date_sub('year', born, admitted) as age,
    age_in_days as nwb_age,
    weight as nwb_adm_wt,
    case when version_flaw = 'insutype_invalid' then '340' when employee then '310' else '390' end as insutype,
    if(
        nonlocal,
        list_extract(getvariable('other_areas'), 1 + below(person, 'area', len(getvariable('other_areas')))),
        getvariable('area')
    ) as insuplc,
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
        else strftime(settled, '%Y-%m-%d')
    end as setl_end_date,
    strftime(dcla_time, '%Y-%m-%d %H:%M:%S') as dcla_time,
    days as act_ipt_days,
    case
        when disposition is not null then disposition
        when chance(i, 'way') < 0.92 then '1'
        when chance(i, 'way') < 0.94 then '2'
        when chance(i, 'way') < 0.95 then '3'
        when chance(i, 'way') < 0.985 then '4'
        when chance(i, 'way') < 0.995 then '5'
        else '9'
    end as dscg_way,
    department as dscg_caty,
    '1' as ipt_med_type,
    if(version_flaw = 'not_drg_scheme', '1', '4') as hi_paymtd,
    case version_flaw
        when 'unreadable_amount' then yuan(fee) || '5'
        when 'unreadable_number' then 'O' || yuan(fee)
        else yuan(fee)
    end as medfee_sumamt,
    yuan(personal - personal * 30 // 100) as psn_selfpay,
    yuan(personal * 30 // 100) as psn_ownpay,
    yuan(if(employee, personal * 25 // 100, 0)) as acct_pay,
    yuan(personal - if(employee, personal * 25 // 100, 0)) as psn_cashpay
from told, unnest(if(twice, [1, 2], [1])) as copies(copy)
order by setl_id, dcla_time
