/*---
describe: >-
  Every discharge date that sets a deadline, and the working days after it, must be in the calendar. The year
  named is not: add its days to the reference file workday.csv (date, is_workday, source).
guards: quality.claim_status
law: [JY-31-1, SD-13, GD-7]
---*/
select
    s.month,
    i.deadline_from as discharged_on,
    case
        when d.date is null then year(i.deadline_from)
        else (select max(year(e.date)) from reference.calendar as e where e.segment = d.segment) + 1
    end as missing_year,
    count(*) as claims
from quality.claim_status as s
inner join claims.version_index as i on i.setl_id = s.setl_id and i.dcla_time = s.dcla_time
left join reference.calendar as d on d.date = i.deadline_from
where s.upload_deadline is null and i.deadline_from is not null
group by s.month, i.deadline_from, d.date, d.segment
