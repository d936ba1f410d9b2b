/*---
describe: >-
  Until when a claim version had to be uploaded. `in_month` marks the version that stands for its claim in the months:
  the last one uploaded by the deadline, whatever the checks say. A version that is not the claim's has no deadline.
grain: [month, setl_id, dcla_time]
partition: month
keeps:
  claims.setlinfo: [month, setl_id, dcla_time]
nullable: [upload_deadline]
law: [JY-31-1, SD-13, GD-7]
---*/
-- Materialized: the deadline is counted first and then looked up; the other way round is a join of all days with all.
with counted as materialized (
    select
        i.settlement_month as month,
        i.setl_id,
        i.dcla_time,
        i.uploaded_on,
        i.first_dcla_time,
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
    inner join claims.version_index as i
        on i.setl_id = h.setl_id and i.uploaded_on <= h.upload_deadline and not i.is_foreign
    group by h.month, h.setl_id
)

select
    h.month,
    h.setl_id,
    h.dcla_time,
    h.uploaded_on,
    h.upload_deadline,
    case when t.dcla_time = h.dcla_time then 1 else 0 end as in_month,
    coalesce(h.uploaded_on > h.upload_deadline, true) as is_late,
    coalesce(cast(h.first_dcla_time as date) > h.upload_deadline, true) as is_first_late
from here as h
left join in_time as t on t.month = h.month and t.setl_id = h.setl_id
