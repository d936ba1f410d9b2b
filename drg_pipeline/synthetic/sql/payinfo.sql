select
    setl_id,
    strftime(dcla_time, '%Y-%m-%d %H:%M:%S') as dcla_time,
    pay.type as fund_pay_type,
    yuan(pay.cents) as fund_payamt
from batch, unnest([
    {'type': if(employee, '310100', '390100'), 'cents': fund},
    {'type': if(employee, '330100', '390200'), 'cents': second_fund}
]) as paid(pay)
where pay.cents > 0
order by setl_id, batch.dcla_time, pay.type
