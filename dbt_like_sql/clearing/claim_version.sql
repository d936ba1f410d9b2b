/*---
describe: >-
  The version of each claim that the clearing of its year uses: the latest as of the cut-off, by settlement
  date in the year. Claims that came into the year after the cut-off stand with the version that brought them
  and are not cleared.
grain: [year, setl_id]
partition: year
sealed: true
nullable: [fixmedins_code, pool]
law: [JY-31-3, JY-33, SD-14, SD-26, GD-22]
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

-- The version of each claim that was the latest on the cut-off, where it belongs to the year.
latest as (
    select
        a.year,
        i.setl_id,
        i.dcla_time,
        i.settlement_month,
        false as after_cut_off
    from claims.version_index as i
    inner join asked as a on a.year = cast(left(i.settlement_month, 4) as integer)
    where i.uploaded_on <= a.cut_off_on and (i.next_dcla_time is null or cast(i.next_dcla_time as date) > a.cut_off_on)
),

-- Claims that came into the year after its cut-off, new or moved there by a correction: no year clears them.
arrived_later as (
    select
        a.year,
        i.setl_id,
        i.dcla_time,
        i.settlement_month,
        true as after_cut_off
    from claims.version_index as i
    inner join asked as a on a.year = cast(left(i.settlement_month, 4) as integer)
    left join latest as l on l.year = a.year and l.setl_id = i.setl_id
    where i.uploaded_on > a.cut_off_on and l.setl_id is null
    qualify row_number() over (partition by a.year, i.setl_id order by i.dcla_time) = 1
),

used as (
    select * from latest
    union all
    select * from arrived_later
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
    -- Of a closed month only what is sealed was settled, whatever was delivered since.
    p.setl_id is not null as is_settled,
    s.is_first_late
from used as u
inner join claims.claim as c on c.month = u.settlement_month and c.setl_id = u.setl_id and c.dcla_time = u.dcla_time
inner join quality.claim_status as s
    on s.month = u.settlement_month and s.setl_id = u.setl_id and s.dcla_time = u.dcla_time
left join pricing.case_point as p
    on p.month = u.settlement_month and p.setl_id = u.setl_id and p.dcla_time = u.dcla_time
