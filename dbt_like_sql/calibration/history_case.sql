/*---
describe: >-
  The cases that the calibration of a year looks at, before any trim: grouped cases of the history years,
  each claim in its version as of the cut-off.
grain: [year, setl_id]
partition: year
reads:
  claims.claim: {years: [-3, -1]}
  grouping.grouped_case: {years: [-3, -1]}
nullable: [level, pool]
law: [JY-16, JY-32]
---*/
with asked as (
    select
        h.year,
        h.year + h.year_offset as settlement_year,
        make_date(
            h.year,
            cast(split_part(p.cut_off, '-', 1) as integer),
            cast(split_part(p.cut_off, '-', 2) as integer)
        ) as cut_off_on
    from policy.history_year as h
    inner join policy.calibration as p on p.year = h.year
)

select
    a.year,
    c.setl_id,
    c.month as settlement_month,
    c.fixmedins_code,
    l.level,
    c.pool,
    g.drg,
    c.fee
from asked as a
inner join claims.claim as c on year(c.setl_end_date) = a.settlement_year               -- law: JY-16
inner join claims.version_index as i
    on i.setl_id = c.setl_id
    and i.dcla_time = c.dcla_time
    and i.uploaded_on <= a.cut_off_on
    and (i.next_dcla_time is null or cast(i.next_dcla_time as date) > a.cut_off_on)
inner join grouping.grouped_case as g
    on g.month = c.month and g.setl_id = c.setl_id and g.dcla_time = c.dcla_time and g.status = 'grouped'
inner join (select distinct fixmedins_code from reference.hospital) as k on k.fixmedins_code = c.fixmedins_code
left join reference.hospital as l
    on l.fixmedins_code = c.fixmedins_code
    and l.valid_from <= c.dscg_on
    and (l.valid_to is null or l.valid_to >= c.dscg_on)
where c.dscg_on is not null and c.fee > 0
