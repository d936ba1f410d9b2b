/*---
describe: >-
  Which refund takes back which settlement, from day to day, for each month that looks: refunds of a hospital, a
  person and an amount in the order of their settlement dates each take the first settlement still free, of their
  visit, that is not settled after them. A refund under the id of its own settlement takes that, or none.
grain: [settlement_month, refund_setl_id, from_on]
partition: none
slice: {month: settlement_month, key: settlement_month}
nullable: [until_on]
law: [JY-31-3, JY-33, SD-14, GD-22]
---*/
-- Only on the day on which a version comes or goes the pairs can be others.
with moment as (
    select fixmedins_code, psn_no, owed, from_on as on_day from refund_member
    union
    select fixmedins_code, psn_no, owed, until_on from refund_member where until_on is not null
),

there as (
    select t.on_day, m.*
    from moment as t
    inner join refund_member as m
        on m.fixmedins_code = t.fixmedins_code
        and m.psn_no = t.psn_no
        and m.owed = t.owed
        and stands_on(m.from_on, m.until_on, t.on_day)
),

-- What each refund may take, in order.
choice as (
    select
        r.fixmedins_code,
        r.psn_no,
        r.owed,
        r.on_day,
        r.setl_id,
        r.setl_end_date,
        list(o.setl_id order by o.setl_end_date, o.setl_id) as originals
    from there as r
    inner join there as o
        on o.fixmedins_code = r.fixmedins_code
        and o.psn_no = r.psn_no
        and o.owed = r.owed
        and o.on_day = r.on_day
        and not o.is_refund
        and o.setl_end_date <= r.setl_end_date
        and case
            when o.mdtrt_id is not null and r.mdtrt_id is not null then o.mdtrt_id = r.mdtrt_id
            else o.adm_on = r.adm_on and o.dscg_on = r.dscg_on
        end
    where r.is_refund
    group by r.fixmedins_code, r.psn_no, r.owed, r.on_day, r.setl_id, r.setl_end_date
),

-- One after the other: a fold over the refunds of a group, of what has been taken so far. A refund that finds nothing
-- leaves an empty place.
taken as (
    select
        fixmedins_code,
        psn_no,
        owed,
        on_day,
        list(setl_id order by setl_end_date, setl_id) as refunds,
        list_reduce(
            list_concat([cast([] as varchar[])], list(originals order by setl_end_date, setl_id)),
            lambda taken, originals: list_append(
                taken, list_filter(originals, lambda one: not list_contains(taken, one))[1]
            )
        ) as originals
    from choice
    group by fixmedins_code, psn_no, owed, on_day
),

pair as (
    select
        fixmedins_code,
        psn_no,
        owed,
        on_day,
        unnest(refunds) as refund_setl_id,
        unnest(originals) as setl_id
    from taken
),

-- Days on which the pair is the same follow on each other.
numbered as (
    select
        *,
        row_number() over (partition by fixmedins_code, psn_no, owed order by on_day) as moment_no,
        lead(on_day) over (partition by fixmedins_code, psn_no, owed order by on_day) as next_on
    from moment
),

run as (
    select
        p.*,
        n.next_on,
        n.moment_no - row_number() over (
            partition by p.fixmedins_code, p.psn_no, p.owed, p.refund_setl_id, p.setl_id order by p.on_day
        ) as run_no
    from pair as p
    inner join numbered as n
        on n.fixmedins_code = p.fixmedins_code and n.psn_no = p.psn_no and n.owed = p.owed and n.on_day = p.on_day
    where p.setl_id is not null
),

standing as (
    select
        fixmedins_code,
        psn_no,
        owed,
        refund_setl_id,
        setl_id,
        min(on_day) as from_on,
        case when bool_and(next_on is not null) then max(next_on) end as until_on
    from run
    group by fixmedins_code, psn_no, owed, refund_setl_id, setl_id, run_no
),

-- The day on which a refund came: that of the claim's first version with a negative fee.
came as (
    select i.setl_id, min(i.uploaded_on) as refunded_on
    from landing.setlinfo as l
    inner join claims.version_index as i
        on i.setl_id = l.setl_id and i.dcla_time = l.dcla_time and i.delivery = l.delivery and i.line = l.line
    where l.medfee_sumamt < 0 and not i.is_foreign
    group by i.setl_id
),

-- A settlement may move to another month while its pair stands: the one that it has when the pair begins.
original as (
    select
        s.refund_setl_id,
        s.from_on,
        arg_max(m.settlement_month, m.from_on) as original_month
    from standing as s
    inner join refund_member as m
        on m.setl_id = s.setl_id
        and m.owed = s.owed
        and not m.is_refund
        and (s.until_on is null or m.from_on < s.until_on)
        and m.from_on <= s.from_on
    group by s.refund_setl_id, s.from_on
),

looking as (
    select distinct fixmedins_code, psn_no, owed, settlement_month
    from refund_member
)

select
    k.settlement_month,
    s.refund_setl_id,
    s.setl_id,
    o.original_month,
    c.refunded_on,
    s.from_on,
    s.until_on
from standing as s
inner join looking as k on k.fixmedins_code = s.fixmedins_code and k.psn_no = s.psn_no and k.owed = s.owed
inner join original as o on o.refund_setl_id = s.refund_setl_id and o.from_on = s.from_on
inner join came as c on c.setl_id = s.refund_setl_id
union all
select
    r.settlement_month,
    r.setl_id as refund_setl_id,
    r.setl_id,
    r.earlier_month as original_month,
    c.refunded_on,
    r.from_on,
    r.until_on
from own_refund as r
inner join came as c on c.setl_id = r.setl_id
where r.earlier_fee = -r.fee and (r.until_on is null or r.until_on > r.from_on)
