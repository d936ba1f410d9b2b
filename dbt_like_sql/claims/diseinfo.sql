/*---
describe: The diagnoses of each claim version, as uploaded.
grain: [month, setl_id, dcla_time, line]
partition: month
nullable: [diag_srt_no, diag_type, maindiag_flag, diag_code, diag_name, adm_cond_type]
reads:
  landing.diseinfo: {deliveries_of: claims.version_index}
---*/
select
    i.settlement_month as month,
    l.setl_id,
    l.dcla_time,
    l.diag_srt_no,
    l.diag_type,
    l.maindiag_flag,
    l.diag_code,
    l.diag_name,
    l.adm_cond_type,
    l.line,
    l.fields_found,
    l.fields_expected
from claims.version_index as i
inner join landing.diseinfo as l
    on l.setl_id = i.setl_id and l.dcla_time = i.dcla_time and l.delivery = i.delivery
