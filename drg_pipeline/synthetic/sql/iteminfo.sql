with shared as (
    select
        b.*,
        fee * (18 + below(i, 'drugs', 15)) // 100 as drugs,
        fee * if(surgical, 22 + below(i, 'materials', 14), 4 + below(i, 'materials', 6)) // 100 as materials,
        if(days > 2, fee * (20 + below(i, 'examinations', 12)) // 100, 0) as examinations
    from batch as b
),
told as (
    select setl_id, i, dcla_time, version_flaw, item.category, item.cents
    from shared, unnest([
        {'category': '01', 'cents': fee - drugs - materials - examinations},
        {'category': '03', 'cents': examinations},
        {'category': '08', 'cents': materials},
        {'category': '09', 'cents': drugs}
    ]) as items(item)
    where item.cents > 0
)
select
    setl_id,
    strftime(dcla_time, '%Y-%m-%d %H:%M:%S') as dcla_time,
    category as med_chrgitm,
    -- A faulty claim's categories exceed its fee by a hundred yuan.
    yuan(cents + if(version_flaw = 'fee_sum_mismatch' and category = '01', 10000, 0)) as amt,
    yuan(cents - cents * 20 // 100 - cents * 5 // 100) as claa_sumfee,
    yuan(cents * 20 // 100) as clab_amt,
    yuan(cents * 5 // 100) as fulamt_ownpay_amt,
    yuan(0::bigint) as oth_amt
from told
order by setl_id, told.dcla_time, category
