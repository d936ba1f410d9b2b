/*---
describe: >-
  Versions whose settlement date is no day of a month that there is, by the month of their folder: after the upload,
  or before the first or after the last settlement month.
grain: [setl_id, dcla_time]
partition: none
slice: {month: settlement_month, key: setl_id}
nullable: [fixmedins_code]
law: [JY-32, SD-25, GD-21]
---*/
with dated as (
    select
        s.folder_month,
        s.setl_id,
        s.dcla_time,
        s.delivery,
        s.line,
        s.setl_end_date,
        s.fixmedins_code,
        s.setl_end_date < cast(l.first_month || '-01' as date) as is_before,
        s.setl_end_date >= cast(l.last_month || '-01' as date) + interval 1 month as is_after,
        -- Only of these an upload can be asked: all others lie before it.
        s.setl_end_date > cast(s.dcla_time as date) as is_late
    from landing.setlinfo as s
    inner join law_of_folder as l on l.folder_month = s.folder_month
)

select
    d.folder_month as settlement_month,
    d.setl_id,
    d.dcla_time,
    d.setl_end_date,
    d.fixmedins_code,
    case when i.is_after_upload then 'after_upload' when d.is_before then 'before_first' else 'after_last' end as reason
from dated as d
inner join claims.version_index as i
    on i.setl_id = d.setl_id and i.dcla_time = d.dcla_time and i.delivery = d.delivery and i.line = d.line
where (d.is_before or d.is_after or d.is_late) and (d.is_before or d.is_after or i.is_after_upload)
