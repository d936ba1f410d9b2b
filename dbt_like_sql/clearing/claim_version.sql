/*---
describe: >-
  The version of each claim that the clearing of its year uses: the latest as of the cut-off, by settlement
  date in the year. Claims first uploaded after the cut-off stand with their first version and are not cleared.
grain: [year, setl_id]
partition: year
nullable: [fixmedins_code, pool]
law: [JY-31-3, JY-33]
---*/
with asked as (
    select
        year,
        make_date(
            year + 1,
            cast(split_part(cut_off, '-', 1) as integer),
            cast(split_part(cut_off, '-', 2) as integer)
        ) as cut_off_on
    from policy.clearing
),

used as (
    select
        a.year,
        i.setl_id,
        i.dcla_time,
        i.settlement_month,
        i.uploaded_on > a.cut_off_on as after_cut_off
    from claims.version_index as i
    inner join asked as a on a.year = cast(left(i.settlement_month, 4) as integer)
    where
        (i.uploaded_on <= a.cut_off_on and (i.next_dcla_time is null or cast(i.next_dcla_time as date) > a.cut_off_on))
        or (i.dcla_time = i.first_dcla_time and i.uploaded_on > a.cut_off_on)
)

select
    u.year,
    u.setl_id,
    u.dcla_time,
    u.settlement_month,
    u.after_cut_off,
    c.fixmedins_code,
    c.pool,
    s.is_fatal,
    s.is_ungrouped,
    s.in_month = 1 and s.status = 'normal' as is_settled,
    s.is_first_late
from used as u
inner join claims.claim as c on c.month = u.settlement_month and c.setl_id = u.setl_id and c.dcla_time = u.dcla_time
inner join quality.claim_status as s
    on s.month = u.settlement_month and s.setl_id = u.setl_id and s.dcla_time = u.dcla_time
