/*---
describe: >-
  The files of which a record of a claim version was rejected, in the delivery that the version stands from: the
  version came in part. Where only the upload time of the record cannot be read, it tears every version of its claim in
  the delivery.
grain: [month, setl_id, dcla_time, file]
partition: month
reads:
  landing.rejected_row: {deliveries_of: claims.version_index}
law: [JY-31-3, SD-14, GD-7]
---*/
select
    i.settlement_month as month,
    i.setl_id,
    i.dcla_time,
    r.claim_file as file,
    min(r.line) as line,
    count(*) as records
from claims.version_index as i
inner join landing.rejected_row as r
    on r.delivery = i.delivery
    and r.setl_id = i.setl_id
    and (r.dcla_time is null or r.dcla_time = i.dcla_time)
where r.claim_file <> 'setlinfo'
group by i.settlement_month, i.setl_id, i.dcla_time, r.claim_file
