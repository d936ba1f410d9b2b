/*---
describe: >-
  The cases that the calibration of a year looks at, before any trim: grouped cases of the history years, each claim
  in its version as of the cut-off, without what had been refunded or was a second settlement by then. Stays that are
  paid by the day are marked.
law: [JY-10, JY-14, JY-16, JY-32]
---*/
with asked as (
    select
        h.year,
        h.year + h.year_offset as settlement_year,
        -- On that day of the year itself: history ends with the year before.
        cut_off_of(h.year - 1, p.cut_off) as cut_off_on
    from policy.history_year as h
    inner join policy.calibration as p on p.year = h.year
),

-- One scheme for all years: a month that it did not group is taken as regrouped.
grouped as (
    select c.year, m.setl_id, m.dcla_time, m.scheme, m.drg
    from grouping.grouped_case as m
    left join policy.grouping as g on g.month = m.month and g.grouping_source = 'scheme'
    inner join policy.calibration_scheme as c on c.scheme is null or c.scheme = g.scheme
    where m.status = 'grouped'
    union all
    select year, setl_id, dcla_time, scheme, drg
    from grouping.regrouped_case
    where status = 'grouped'
)

select
    a.year,
    c.setl_id,
    c.month as settlement_month,
    c.fixmedins_code,
    l.level,
    c.pool,
    g.scheme,
    g.drg,
    c.fee,
    c.stay_days,
    b.drg is not null as is_bed_day
from asked as a
inner join claims.claim as c on year(c.setl_end_date) = a.settlement_year               -- law: JY-16
inner join claims.version_index as i
    on i.setl_id = c.setl_id
    and i.dcla_time = c.dcla_time
    and not i.is_foreign
    and i.uploaded_on <= a.cut_off_on
    and (i.next_dcla_time is null or cast(i.next_dcla_time as date) > a.cut_off_on)
inner join grouped as g on g.year = a.year and g.setl_id = c.setl_id and g.dcla_time = c.dcla_time
inner join (select distinct fixmedins_code from reference.hospital) as k on k.fixmedins_code = c.fixmedins_code
left join reference.hospital as l
    on l.fixmedins_code = c.fixmedins_code
    and l.valid_from <= c.dscg_on
    and (l.valid_to is null or l.valid_to >= c.dscg_on)
left join reference.bed_day_group as b                                                  -- law: JY-14
    on b.drg = g.drg
    and b.valid_from <= make_date(a.year, 1, 1)
    and (b.valid_to is null or b.valid_to >= make_date(a.year, 1, 1))
    and c.stay_days >= b.min_days
left join claims.refund_pair as r
    on r.settlement_month = c.month
    and r.setl_id = c.setl_id
    and stands_on(r.from_on, r.until_on, a.cut_off_on)
left join stay.second_settlement as s
    on s.month = c.month
    and s.setl_id = c.setl_id
    and s.dcla_time = c.dcla_time
    and stands_on(s.from_on, s.until_on, a.cut_off_on)
where c.dscg_on is not null and c.fee > 0 and r.setl_id is null and s.setl_id is null
