/*---
describe: >-
  The stays that are day care, with the arrangement that they are under: of several the one that names group and
  operation, then the one that names the operation.
grain: [month, setl_id, dcla_time]
partition: month
nullable: [oprn_code, points]
law: [JY-13]
---*/
with listed as (
    select y.month, d.kind, d.drg, d.oprn_code, d.points
    from policy.calibration_binding as y
    inner join reference.day_care_group as d
        on d.valid_from <= make_date(cast(left(y.month, 4) as integer), 1, 1)
        and (d.valid_to is null or d.valid_to >= make_date(cast(left(y.month, 4) as integer), 1, 1))
),

stay as (
    select c.month, c.setl_id, c.dcla_time, g.drg
    from claims.claim as c
    inner join policy.day_care_stay as k on k.month = c.month and k.ipt_med_type = c.ipt_med_type
    inner join grouping.grouped_case as g on g.month = c.month and g.setl_id = c.setl_id and g.dcla_time = c.dcla_time
),

met as (
    select s.month, s.setl_id, s.dcla_time, l.kind, l.drg, l.oprn_code, l.points
    from stay as s
    inner join listed as l on l.month = s.month and l.drg = s.drg and l.oprn_code is null
    union all
    select distinct s.month, s.setl_id, s.dcla_time, l.kind, l.drg, l.oprn_code, l.points
    from stay as s
    inner join claims.oprninfo as o on o.month = s.month and o.setl_id = s.setl_id and o.dcla_time = s.dcla_time
    inner join listed as l
        on l.month = s.month and l.oprn_code = o.oprn_oprt_code and (l.drg is null or l.drg = s.drg)
)

select
    month,
    setl_id,
    dcla_time,
    kind,
    oprn_code,
    points
from met
qualify
    row_number() over (
        partition by month, setl_id, dcla_time
        order by oprn_code is not null and drg is not null desc, oprn_code is not null desc, kind, oprn_code
    ) = 1
