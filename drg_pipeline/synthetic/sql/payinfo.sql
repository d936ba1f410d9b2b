select
    setl_id,
    strftime(uploaded, '%Y-%m-%d %H:%M:%S') as dcla_time,
    spelt(i, 'fund_pay_type', pay.type) as fund_pay_type,
    yuan(direction * pay.cents) || if(torn, '元', '') as fund_payamt
from (
    select
        setl_id, i, dcla_time as uploaded, direction,
        chance(i, 'torn') < getvariable('rates').torn
            and version = 1 and version_flaw = 'none' and delivery = 'main' and settlement = 'own' and direction > 0 as torn,
        unnest([
            {'type': if(employee, '310100', '390100'), 'cents': fund},
            {'type': if(employee, '330100', '390200'), 'cents': second_fund}
        ]) as pay
    from batch
)
where pay.cents > 0
order by setl_id, uploaded, pay.type
