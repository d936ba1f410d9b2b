/*---
describe: >-
  Whether a month may settle a claim version, and if not, the first reason why. `in_month` marks the version
  that stands for its claim in the months: the last one uploaded by the deadline, fatal or not.
grain: [month, setl_id, dcla_time]
partition: month
keeps:
  quality.claim_deadline: [month, setl_id, dcla_time]
nullable: [reason, upload_deadline]
law: [JY-31-1, JY-31-3, SD-13, SD-14, GD-7]
checks:
  - id: reason_when_not_normal
    expect: (status = 'normal') = (reason is null)
    describe: A version has a reason exactly when it is not normal.
---*/
with fatal as (
    select month, setl_id, dcla_time, list(check_id) as checks
    from quality.claim_check
    where severity = 'fatal'
    group by month, setl_id, dcla_time
),

judged as (
    select
        d.*,
        f.checks,
        g.status <> 'grouped' as is_ungrouped
    from quality.claim_deadline as d
    left join fatal as f on f.month = d.month and f.setl_id = d.setl_id and f.dcla_time = d.dcla_time
    left join grouping.grouped_case as g on g.month = d.month and g.setl_id = d.setl_id and g.dcla_time = d.dcla_time
)

select
    month,
    setl_id,
    dcla_time,
    case when checks is not null or is_late or is_ungrouped then 'non_normal' else 'normal' end as status,
    reason_of_status(checks, is_late, is_ungrouped) as reason,                          -- law: JY-31-3
    upload_deadline,
    uploaded_on,
    in_month,
    checks is not null as is_fatal,
    coalesce(is_fatal_by_itself(checks), false) as is_fatal_by_itself,
    is_late,
    is_first_late,
    is_ungrouped
from judged
