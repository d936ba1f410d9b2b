with shared as (
    select
        b.*,
        fee * within(i, 'drugs', getvariable('charges').drugs) // 100 as drugs,
        fee * if(
            surgical,
            within(i, 'materials', getvariable('charges').materials_surgical),
            within(i, 'materials', getvariable('charges').materials)
        ) // 100 as materials,
        if(
            days > getvariable('charges').examined_above_days,
            fee * within(i, 'examinations', getvariable('charges').examinations) // 100,
            0
        ) as examinations,
        -- A faulty claim takes thirty yuan back in a category of its own.
        if(version_flaw = 'negative_amount', -3000, 0) as taken_back
    from batch as b
),
listed as (
    select setl_id, i, dcla_time, version_flaw, direction, item.category, item.cents
    from (
        select
            *,
            unnest([
                {'category': '01', 'cents': fee - drugs - materials - examinations - taken_back},
                {'category': '03', 'cents': examinations},
                {'category': '08', 'cents': materials},
                {'category': '09', 'cents': drugs},
                {'category': '14', 'cents': taken_back}
            ]) as item
        from shared
    )
    where item.cents <> 0
    union all
    select setl_id || 'X', i, dcla_time, version_flaw, direction, '09', 12000
    from batch
    where version_flaw = 'orphan'
),
told as (
    select
        *,
        direction * cents as amount,
        direction * (cents * getvariable('charges').class_b // 100) as class_b,
        direction * (cents * getvariable('charges').class_own // 100) as class_own
    from listed
)
select
    setl_id,
    strftime(dcla_time, '%Y-%m-%d %H:%M:%S') as dcla_time,
    if(version_flaw = 'required_field_missing' and i % 3 = 0 and category = '09', null, category) as med_chrgitm,
    -- A faulty claim's categories exceed its fee by a hundred yuan.
    yuan(amount + if(version_flaw = 'fee_sum_mismatch' and category = '01', 10000, 0)) as amt,
    yuan(amount - class_b - class_own) as claa_sumfee,
    yuan(class_b + if(version_flaw = 'charge_category_sum' and category = '01', 1000, 0)) as clab_amt,
    yuan(class_own) as fulamt_ownpay_amt,
    yuan(0::bigint) as oth_amt
from told
order by setl_id, told.dcla_time, category
