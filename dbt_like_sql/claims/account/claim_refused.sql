/*---
describe: >-
  Records that came with a delivery without their claim, and the rejected records of that delivery's settlement lists:
  the claim is most likely one of these. Rejected records carry no settlement id.
law: [JY-31-3, SD-14]
---*/
with orphan as (
    select distinct month, delivery, setl_id, dcla_time
    from claims.orphan_row
)

select
    o.setl_id,
    o.dcla_time,
    o.delivery,
    r.file,
    r.line,
    r.column_name,
    r.raw,
    r.reason
from orphan as o
left join claims.rejected_row as r
    on r.month = o.month and starts_with(r.file, o.delivery || '/setlinfo.')
