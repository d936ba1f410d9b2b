/*---
describe: The operations and procedures of each claim version, as uploaded.
grain: [month, setl_id, dcla_time, line]
partition: month
nullable: [oprn_srt_no, oprn_oprt_type, oprn_oprt_code, oprn_oprt_name, oprn_oprt_date]
reads:
  landing.oprninfo: {deliveries_of: claims.version_index}
---*/
select
    i.settlement_month as month,
    l.setl_id,
    l.dcla_time,
    l.oprn_srt_no,
    l.oprn_oprt_type,
    l.oprn_oprt_code,
    l.oprn_oprt_name,
    l.oprn_oprt_date,
    l.line,
    l.fields_found,
    l.fields_expected
from claims.version_index as i
inner join landing.oprninfo as l
    on l.setl_id = i.setl_id and l.dcla_time = i.dcla_time and l.delivery = i.delivery
