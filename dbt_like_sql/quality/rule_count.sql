/*---
describe: >-
  How many claim versions of a month fail each check that its law lists, those that none fails too. Read over the
  months it is the history of the quality of what hospitals upload.
grain: [month, check_id]
partition: month
law: [JY-31-2, SD-14, SD-15]
---*/
with version as (
    select month, count(*) as versions
    from quality.claim_status
    group by month
),

failed as (
    select month, check_id, count(*) as failing
    from quality.claim_check
    group by month, check_id
)

select
    k.month,
    k.check_id,
    k.severity,
    cast(coalesce(v.versions, 0) as bigint) as versions,
    cast(coalesce(f.failing, 0) as bigint) as failing
from policy.quality_check as k
left join version as v on v.month = k.month
left join failed as f on f.month = k.month and f.check_id = k.check_id
