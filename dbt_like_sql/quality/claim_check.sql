/*---
describe: >-
  One row for each check in force that a claim version fails, with its severity. `orphan` rows stand for child
  records that came without their claim version, in the month of their delivery.
grain: [month, setl_id, dcla_time, check_id]
partition: month
nullable: [detail]
law: [JY-31-3, SD-14]
---*/
with failing as (
    select
        month,
        setl_id,
        dcla_time,
        unnest(details) as told
    from quality.finding
),

found as (
    select month, setl_id, dcla_time, told['check_id'] as check_id, told['detail'] as detail
    from failing
    union all
    select month, setl_id, dcla_time, check_id, detail
    from quality.record_finding
)

select
    f.month,
    f.setl_id,
    f.dcla_time,
    f.check_id,
    k.severity,
    f.detail
from found as f
-- What the law of the month does not list is found and does not count.
inner join policy.quality_check as k on k.month = f.month and k.check_id = f.check_id
