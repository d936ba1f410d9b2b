/*---
describe: >-
  Whether a month may settle a claim version, and if not, the first reason why. `in_month` marks the version
  that stands for its claim in the months: the last one uploaded by the deadline, fatal or not.
grain: [month, setl_id, dcla_time]
partition: month
keeps:
  claims.setlinfo: [month, setl_id, dcla_time]
nullable: [reason, upload_deadline]
law: [JY-31-1, JY-31-3, SD-13, SD-14, GD-7]
checks:
  - id: reason_when_not_normal
    expect: (status = 'normal') = (reason is null)
    describe: A version has a reason exactly when it is not normal.
---*/
-- Materialized: the deadline is counted first and then looked up; the other way round is a join of all days with all.
with counted as materialized (
    select
        i.settlement_month as month,
        i.setl_id,
        i.dcla_time,
        i.uploaded_on,
        i.first_dcla_time,
        i.deadline_from,
        d.segment,
        d.working_day_no + q.upload_working_days as working_day_no                      -- law: JY-31-1
    from claims.version_index as i
    inner join claims.setlinfo as s on s.setl_id = i.setl_id and s.dcla_time = i.dcla_time
    left join policy.quality as q on q.month = i.settlement_month
    left join reference.calendar as d on d.date = i.deadline_from
),

here as (
    select
        c.month,
        c.setl_id,
        c.dcla_time,
        c.uploaded_on,
        c.first_dcla_time,
        n.date as upload_deadline
    from counted as c
    left join reference.calendar as n on n.segment = c.segment and n.working_day_no = c.working_day_no and n.is_workday
),

in_time as (
    -- All versions of the claim count here, those of other months too: a correction may move a claim.
    select
        h.month,
        h.setl_id,
        max(i.dcla_time) as dcla_time
    from (select distinct month, setl_id, upload_deadline from here) as h
    inner join claims.version_index as i on i.setl_id = h.setl_id and i.uploaded_on <= h.upload_deadline
    group by h.month, h.setl_id
),

fatal as (
    select distinct month, setl_id, dcla_time
    from quality.claim_check
    where severity = 'fatal'
),

judged as (
    select
        h.month,
        h.setl_id,
        h.dcla_time,
        h.upload_deadline,
        h.uploaded_on,
        case when t.dcla_time = h.dcla_time then 1 else 0 end as in_month,
        f.setl_id is not null as is_fatal,
        coalesce(h.uploaded_on > h.upload_deadline, true) as is_late,
        coalesce(cast(h.first_dcla_time as date) > h.upload_deadline, true) as is_first_late,
        g.status <> 'grouped' as is_ungrouped
    from here as h
    left join in_time as t on t.month = h.month and t.setl_id = h.setl_id
    left join fatal as f on f.month = h.month and f.setl_id = h.setl_id and f.dcla_time = h.dcla_time
    left join grouping.grouped_case as g on g.month = h.month and g.setl_id = h.setl_id and g.dcla_time = h.dcla_time
)

select
    month,
    setl_id,
    dcla_time,
    case when is_fatal or is_late or is_ungrouped then 'non_normal' else 'normal' end as status,
    reason_of_status(is_fatal, is_late, is_ungrouped) as reason,                        -- law: JY-31-3
    upload_deadline,
    uploaded_on,
    in_month,
    is_fatal,
    is_late,
    is_first_late,
    is_ungrouped
from judged
