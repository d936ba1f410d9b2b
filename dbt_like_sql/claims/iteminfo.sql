/*---
describe: The charges of each claim version by category, as uploaded.
grain: [month, setl_id, dcla_time, line]
partition: month
nullable: [med_chrgitm, claa_sumfee, clab_amt, fulamt_ownpay_amt, oth_amt]
reads:
  landing.iteminfo: {deliveries_of: claims.version_index}
---*/
select
    i.settlement_month as month,
    l.setl_id,
    l.dcla_time,
    l.med_chrgitm,
    l.amt,
    l.claa_sumfee,
    l.clab_amt,
    l.fulamt_ownpay_amt,
    l.oth_amt,
    l.line,
    l.fields_found,
    l.fields_expected
from claims.version_index as i
inner join landing.iteminfo as l
    on l.setl_id = i.setl_id and l.dcla_time = i.dcla_time and l.delivery = i.delivery
