/*---
describe: >-
  Versions whose stay another claim has too, for each month that looks: of one hospital and one person, with the same
  days of admission and discharge, in the days in which the version is its claim's and neither a refund nor refunded.
grain: [settlement_month, setl_id, dcla_time, from_on]
partition: none
slice: {month: settlement_month, key: settlement_month}
nullable: [until_on]
law: [JY-31-3, JY-33, SD-14, GD-22]
---*/
-- Stays are found by a number first: whatever shares it is compared by its values.
with shared as materialized (
    select
        l.setl_id,
        l.dcla_time,
        l.delivery,
        l.line,
        l.fixmedins_code,
        l.psn_no,
        cast(l.adm_time as date) as adm_on,
        cast(l.dscg_time as date) as dscg_on,
        i.settlement_month,
        i.first_dcla_time,
        i.is_after_upload,
        i.uploaded_on as from_on,
        coalesce(cast(i.next_dcla_time as date), cast('infinity' as date)) as until_on
    from landing.setlinfo as l
    inner join claims.version_index as i
        on i.setl_id = l.setl_id and i.dcla_time = l.dcla_time and i.delivery = l.delivery and i.line = l.line
    where l.medfee_sumamt >= 0
        and not i.is_foreign
        and hash(l.fixmedins_code, l.psn_no, cast(l.adm_time as date), cast(l.dscg_time as date)) in (
            select hash(fixmedins_code, psn_no, cast(adm_time as date), cast(dscg_time as date))
            from landing.setlinfo
            where fixmedins_code is not null and psn_no is not null and adm_time is not null and dscg_time is not null
            group by hash(fixmedins_code, psn_no, cast(adm_time as date), cast(dscg_time as date))
            having count(*) > 1
        )
),

stay as (
    select
        fixmedins_code,
        psn_no,
        adm_on,
        dscg_on,
        list_distinct(list(settlement_month)) as months
    from shared
    where fixmedins_code is not null and psn_no is not null and adm_on is not null and dscg_on is not null
    group by fixmedins_code, psn_no, adm_on, dscg_on
    having min(setl_id) <> max(setl_id)
),

refunded as (
    select
        setl_id,
        list(from_on order by from_on) as from_days,
        list(until_on order by from_on) as until_days
    from (
        select distinct setl_id, from_on, coalesce(until_on, cast('infinity' as date)) as until_on
        from claims.refund_pair
        where setl_id <> refund_setl_id
    )
    group by setl_id
),

-- What is left of a version's days without those in which it is refunded.
part as (
    select
        s.*,
        t.months,
        unnest(list_concat([s.from_on], coalesce(r.until_days, cast([] as date[])))) as part_from,
        unnest(list_concat(coalesce(r.from_days, cast([] as date[])), [s.until_on])) as part_until
    from shared as s
    inner join stay as t
        on t.fixmedins_code = s.fixmedins_code
        and t.psn_no = s.psn_no
        and t.adm_on = s.adm_on
        and t.dscg_on = s.dscg_on
    left join refunded as r on r.setl_id = s.setl_id
),

cut as (
    select
        * exclude (from_on, until_on, months),
        unnest(months) as looking_month,
        greatest(from_on, part_from) as from_on,
        least(until_on, part_until) as until_on
    from part
    where greatest(from_on, part_from) < least(until_on, part_until)
)

select
    looking_month as settlement_month,
    fixmedins_code,
    psn_no,
    adm_on,
    dscg_on,
    setl_id,
    dcla_time,
    delivery,
    line,
    first_dcla_time,
    is_after_upload,
    from_on,
    case when until_on < cast('infinity' as date) then until_on end as until_on
from cut
