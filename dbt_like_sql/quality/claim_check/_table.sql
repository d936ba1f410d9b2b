/*---
describe: What versions and lone records fail, as far as the law of the month lists it.
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
    from members
)

select
    f.month,
    f.setl_id,
    f.dcla_time,
    f.check_id,
    k.severity,
    f.detail
from found as f
-- A check that the law of the month does not list is asked, and does not count.
inner join policy.quality_check as k on k.month = f.month and k.check_id = f.check_id
