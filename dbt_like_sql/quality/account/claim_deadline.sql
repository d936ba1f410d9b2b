/*---
describe: >-
  The days from discharge to the upload deadline, one by one: working or not, who says so, and how many are counted;
  then whether the version was in time.
section: {order: 40, title: {en: Upload deadline, zh: 上传时限}}
law: [JY-31-1]
---*/
with counted as (
    select
        o.setl_id,
        o.dcla_time,
        i.deadline_from,
        i.uploaded_on,
        s.upload_deadline,
        s.is_late,
        q.upload_working_days,
        d.segment,
        d.working_day_no as from_day_no
    from account.claim_chosen as o
    inner join claims.version_index as i on i.setl_id = o.setl_id and i.dcla_time = o.dcla_time
    inner join quality.claim_status as s on s.month = o.month and s.setl_id = o.setl_id and s.dcla_time = o.dcla_time
    left join policy.quality as q on q.month = o.month
    left join reference.calendar as d on d.date = i.deadline_from
),

days as (
    select
        c.setl_id,
        max(n.date) as deadline,
        list(
            {
                'label': case
                    when n.date = c.deadline_from then 'deadline.discharge'
                    when n.is_workday then 'deadline.working'
                    else 'deadline.free'
                end,
                'value': cast(n.date as varchar),
                'name': case when n.is_workday and n.date > c.deadline_from then cast(n.working_day_no - c.from_day_no as varchar) end,
                'note': n.source,
                'law': clause(['JY-31-1', 'SD-13', 'GD-7']),
                'under': true
            }
            order by n.date
        ) as lines
    from counted as c
    inner join reference.calendar as n
        on n.segment = c.segment
        and n.date >= c.deadline_from
        -- Free days after the last working day that counts have its number too.
        and (
            n.working_day_no < c.from_day_no + c.upload_working_days
            or (n.working_day_no = c.from_day_no + c.upload_working_days and n.is_workday)
        )
    group by c.setl_id
)

select
    c.setl_id,
    c.dcla_time,
    list_concat(
        [
            case when c.deadline_from is null
                then {
                    'label': 'deadline.no_discharge',
                    'good': false,
                    'law': clause(['JY-31-1', 'SD-13', 'GD-7'])
                }
            end,
            {
                'label': 'deadline.working_days',
                'value': cast(c.upload_working_days as varchar),
                'law': clause(['JY-31-1', 'SD-13', 'GD-7'])
            }
        ],
        d.lines,
        [
            {
                'label': 'deadline.deadline',
                'value': cast(d.deadline as varchar),
                'stored': cast(c.upload_deadline as varchar),
                'law': clause(['JY-31-1', 'SD-13', 'GD-7'])
            },
            {
                'label': 'deadline.uploaded',
                'value': cast(c.uploaded_on as varchar),
                'law': clause(['JY-31-1', 'SD-13', 'GD-7'])
            },
            {
                'label': case when c.is_late then 'deadline.late' else 'deadline.in_time' end,
                'filled': cast(c.uploaded_on as varchar) || case when c.is_late then ' > ' else ' ≤ ' end
                    || cast(c.upload_deadline as varchar),
                'good': not c.is_late,
                'law': clause(['JY-31-1', 'SD-13', 'GD-7'])
            }
        ]
    ) as lines
from counted as c
left join days as d on d.setl_id = c.setl_id
