/*---
describe: What each fund paid for each claim version, as uploaded.
grain: [month, setl_id, dcla_time, line]
partition: month
nullable: [fund_pay_type]
reads:
  landing.payinfo: {deliveries_of: claims.version_index}
---*/
select
    i.settlement_month as month,
    l.setl_id,
    l.dcla_time,
    l.fund_pay_type,
    l.fund_payamt,
    l.line,
    l.fields_found,
    l.fields_expected
from claims.version_index as i
inner join landing.payinfo as l
    on l.setl_id = i.setl_id and l.dcla_time = i.dcla_time and l.delivery = i.delivery
