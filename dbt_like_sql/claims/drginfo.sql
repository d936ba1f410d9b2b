/*---
describe: The platform's own grouping of each claim version, as uploaded.
grain: [month, setl_id, dcla_time, line]
partition: month
nullable: [drg_code, scheme]
reads:
  landing.drginfo: {deliveries_of: claims.version_index}
---*/
select
    i.settlement_month as month,
    l.setl_id,
    l.dcla_time,
    l.drg_code,
    l.scheme,
    l.line,
    l.fields_found,
    l.fields_expected
from claims.version_index as i
inner join landing.drginfo as l
    on l.setl_id = i.setl_id and l.dcla_time = i.dcla_time and l.delivery = i.delivery
