/*---
describe: >-
  The version of each claim that the clearing of its year uses: the latest as of the cut-off, by settlement
  date in the year. Claims that came into the year after the cut-off stand with the version that brought them
  and are not cleared. What other claims say of it, refunds and settlements of the same stay, is said as of the cut-off.
grain: [year, setl_id]
partition: year
sealed: true
nullable: [fixmedins_code, pool, reason, refunds_setl_id, refunded_by_setl_id, keeper_setl_id]
law: [JY-31-3, JY-33, SD-14, SD-26, GD-22]
---*/
with asked as (
    select
        year,
        cut_off,
        cut_off_of(year, cut_off) as cut_off_on
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
    where not i.is_foreign and i.uploaded_on <= a.cut_off_on and (i.next_dcla_time is null or cast(i.next_dcla_time as date) > a.cut_off_on)
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
    where not i.is_foreign and i.uploaded_on > a.cut_off_on and l.setl_id is null
    qualify row_number() over (partition by a.year, i.setl_id order by i.dcla_time) = 1
),

used as (
    select * from latest
    union all
    select * from arrived_later
),

paired as (
    select a.year, a.cut_off, p.*
    from claims.refund_pair as p
    cross join asked as a
    where stands_on(p.from_on, p.until_on, a.cut_off_on)
),

second as (
    select a.year, s.*
    from stay.second_settlement as s
    inner join asked as a on a.year = cast(left(s.month, 4) as integer)
    where stands_on(s.from_on, s.until_on, a.cut_off_on)
),

judged as (
    select
        u.year,
        u.setl_id,
        u.dcla_time,
        u.settlement_month,
        u.after_cut_off,
        c.fixmedins_code,
        c.pool,
        c.fee < 0 as is_refund,
        t.setl_id as refunds_setl_id,
        -- The clearing of that year had paid it, and pays no more: the money is recovered outside of it.
        coalesce(
            cast(left(t.original_month, 4) as integer) < u.year
            and t.refunded_on > cut_off_of(cast(left(t.original_month, 4) as integer), t.cut_off),
            false
        ) as refunds_cleared_year,
        r.refund_setl_id as refunded_by_setl_id,
        d.keeper_setl_id,
        s.is_fatal_by_itself,
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
    left join paired as t
        on t.year = u.year and t.settlement_month = u.settlement_month and t.refund_setl_id = u.setl_id and c.fee < 0
    left join paired as r
        on r.year = u.year
        and r.settlement_month = u.settlement_month
        and r.setl_id = u.setl_id
        and r.refund_setl_id <> u.setl_id
    left join second as d
        on d.year = u.year and d.month = u.settlement_month and d.setl_id = u.setl_id and d.dcla_time = u.dcla_time
)

select
    year,
    setl_id,
    dcla_time,
    settlement_month,
    after_cut_off,
    fixmedins_code,
    pool,
    reason_of_clearing(
        after_cut_off,
        is_refund,
        refunds_setl_id is null or refunds_cleared_year,
        coalesce(refunds_setl_id = setl_id, false) or refunded_by_setl_id is not null,
        keeper_setl_id is not null,
        is_fatal_by_itself,
        is_ungrouped
    ) as reason,
    refunds_setl_id,
    refunded_by_setl_id,
    keeper_setl_id,
    is_ungrouped,
    is_settled,
    is_first_late
from judged
