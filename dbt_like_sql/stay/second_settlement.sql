/*---
describe: >-
  Versions that settle a stay a second time, from day to day: the first settlement of the stay, by the upload of its
  first version, that no check refuses is its keeper, and every one after it is a second one.
grain: [month, setl_id, dcla_time, from_on]
partition: month
nullable: [until_on]
law: [JY-31-3, JY-33, SD-14, GD-22]
---*/
with refused as (
    select distinct
        told.month,
        told.setl_id,
        told.dcla_time
    from (select month, setl_id, dcla_time, unnest(details) as detail from stay.twin_finding) as told
    inner join policy.quality_check as k
        on k.month = told.month and k.check_id = told.detail['check_id'] and k.severity = 'fatal'
),

twin as (
    select
        t.settlement_month as month,
        t.fixmedins_code,
        t.psn_no,
        t.adm_on,
        t.dscg_on,
        t.setl_id,
        t.dcla_time,
        t.first_dcla_time,
        t.from_on,
        t.until_on,
        r.setl_id is not null as is_refused
    from claims.twin_version as t
    left join refused as r
        on r.month = t.settlement_month and r.setl_id = t.setl_id and r.dcla_time = t.dcla_time
),

-- Only on the day on which a settlement comes or goes the keeper can be another.
moment as (
    select month, fixmedins_code, psn_no, adm_on, dscg_on, from_on as on_day from twin
    union
    select month, fixmedins_code, psn_no, adm_on, dscg_on, until_on from twin where until_on is not null
),

numbered as (
    select
        *,
        row_number() over (partition by month, fixmedins_code, psn_no, adm_on, dscg_on order by on_day) as moment_no,
        lead(on_day) over (partition by month, fixmedins_code, psn_no, adm_on, dscg_on order by on_day) as next_on
    from moment
),

there as (
    select
        n.on_day,
        n.moment_no,
        n.next_on,
        t.* exclude (from_on, until_on),
        {'uploaded': t.first_dcla_time, 'setl_id': t.setl_id} as place
    from numbered as n
    inner join twin as t
        on t.month = n.month
        and t.fixmedins_code = n.fixmedins_code
        and t.psn_no = n.psn_no
        and t.adm_on = n.adm_on
        and t.dscg_on = n.dscg_on
        and stands_on(t.from_on, t.until_on, n.on_day)
),

kept as (
    select
        *,
        min(case when not is_refused then place end) over (
            partition by month, fixmedins_code, psn_no, adm_on, dscg_on, on_day
        ) as keeper
    from there
),

-- Days on which the keeper is the same follow on each other.
run as (
    select
        month,
        setl_id,
        dcla_time,
        keeper.setl_id as keeper_setl_id,
        on_day,
        next_on,
        moment_no - row_number() over (
            partition by month, setl_id, dcla_time, keeper.setl_id order by on_day
        ) as run_no
    from kept
    where place > keeper
)

select
    month,
    setl_id,
    dcla_time,
    keeper_setl_id,
    min(on_day) as from_on,
    case when bool_and(next_on is not null) then max(next_on) end as until_on
from run
group by month, setl_id, dcla_time, keeper_setl_id, run_no
