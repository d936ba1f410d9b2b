-- All versions of the claims numbered first_claim … last_claim, whose month is month_first's, each with
-- the delivery it comes in. A readmission follows the claim before it and may settle in a later month.
insert into pending
with drawn as (
    select
        i,
        i % 2 = 1 and i > getvariable('first_claim') and chance(i, 'readmitted') < getvariable('rate').readmitted
            as again,
        (draw(i, 'flaw') >> 32)::bigint as flaw_draw
    from range(getvariable('first_claim'), getvariable('last_claim') + 1) as numbers(i)
),
following as (
    select
        d.*,
        if(again, i - 1, i) as origin,
        own_discharge(i - 1) + 1 + below(i, 'gap', 24) as again_from
    from drawn as d
),
placed as (
    select
        f.*,
        h.number as drawn_hospital,
        1 + below(f.origin, 'person', getvariable('persons')) as person
    from following as f
    asof join hospital_pick as h on (draw(f.origin, 'hospital') >> 32)::bigint >= h.low
),
grouped as (
    select
        p.*,
        case
            when chance(i, 'rare') < getvariable('rare_rate')
                then list_extract(getvariable('rare_groups'), 1 + below(i, 'which rare', len(getvariable('rare_groups'))))
            when year(getvariable('month_first')) = getvariable('last_year')
             and chance(i, 'new') < getvariable('rate').new_group
                then list_extract(getvariable('new_groups'), 1 + below(i, 'which new', len(getvariable('new_groups'))))
            else g.number
        end as group_number
    from placed as p
    inner join hospital as h on p.drawn_hospital = h.number
    asof join group_pick as g on h.level = g.level and (draw(p.origin, 'group') >> 32)::bigint >= g.low
),
stayed as (
    select
        g.*,
        greatest(1, round(c.days * (0.45 + 1.1 * chance(i, 'days')))::integer
            + if(chance(i, 'long') < 0.01, 20 + below(i, 'long days', 50), 0)) as days
    from grouped as g
    inner join demo_group as c on g.group_number = c.number
),
dated as (
    select
        s.*,
        again and again_from + days + settling_days(i) <= getvariable('last_day') as readmitted,
        if(readmitted, again_from, own_discharge(i) - days) as admitted,
        if(readmitted, again_from + days, own_discharge(i)) as discharged,
        discharged + settling_days(i) as settled
    from stayed as s
),
treated as (
    select
        d.*,
        case
            when d.discharged between h.closed_from and h.closed_to then 1 + d.drawn_hospital % 3
            else d.drawn_hospital
        end as hospital_number,
        f.flaw
    from dated as d
    inner join hospital as h on d.drawn_hospital = h.number
    asof join flaw_pick as f on d.flaw_draw >= f.low
),
priced as (
    select
        t.*,
        h.fixmedins_code, h.name as hospital_name,
        c.drg, c.surgical, c.icd,
        chance(person, 'employee') < getvariable('rate').employee as employee,
        chance(person, 'nonlocal') < getvariable('rate').nonlocal as nonlocal,
        greatest(30000, round(100 * exp(
            c.ln_cost + h.ln_cost + c.sigma * normal(i, 'fee')
            + ln(1 + getvariable('yearly_growth')) * (year(settled) - getvariable('last_year'))
            + if(c.uneven and chance(i, 'uneven') < 0.32, ln(14), 0)
        ))::bigint) as first_fee,
        h.fund
            + if(chance(person, 'employee') < getvariable('rate').employee, 45, -55)
            - if(chance(person, 'nonlocal') < getvariable('rate').nonlocal, 80, 0)
            + below(i, 'fund', 101) - 50 as fund_share,
        working_day_after(discharged, getvariable('deadline_days')) as deadline
    from treated as t
    inner join hospital as h on t.hospital_number = h.number
    inner join demo_group as c on t.group_number = c.number
),
uploaded as (
    select
        p.*,
        chance(i, 'very late') < getvariable('rate').very_late as very_late,
        chance(i, 'late') < getvariable('rate').late as late,
        least(getvariable('horizon'), case
            when very_late then make_date(year(settled) + 1, 2, 1) + below(i, 'february', 10)
            when late then working_day_after(discharged, getvariable('deadline_days') + 1 + below(i, 'late days', 20))
            else greatest(settled, working_day_after(
                discharged, list_extract(getvariable('upload_days'), 1 + below(i, 'upload days', 100))
            ))
        end) as first_upload,
        case
            when flaw = 'none' then chance(i, 'corrected') < getvariable('rate').corrected
            else chance(i, 'corrected') < getvariable('rate').corrected_flaw
        end as corrected
    from priced as p
),
versions as (
    select
        u.*,
        version,
        if(version = 1, flaw, 'none') as version_flaw,
        if(version = 1, first_fee, first_fee + first_fee * (below(i, 'change', 21) - 10) // 100) as fee,
        case
            when version = 1 then first_upload
            when chance(i, 'in time') < getvariable('rate').correction_in_time and first_upload <= deadline
                then least(deadline, working_day_after(first_upload, below(i, 'soon', 3)))
            else least(
                getvariable('horizon'),
                working_day_after(greatest(first_upload, deadline), 1 + below(i, 'afterwards', 15))
            )
        end as uploaded_on,
        fee * fund_share // 1000 as fund,
        if(fee > 2000000, (fee - fee * fund_share // 1000) * 15 // 100, 0) as second_fund
    from uploaded as u, unnest(if(corrected, [1, 2], [1])) as counted(version)
),
delivered as (
    select
        v.*,
        case
            when version = 2 then strftime(uploaded_on, '%Y-%m')
            when first_upload > deadline then strftime(first_upload, '%Y-%m')
            else strftime(settled, '%Y-%m')
        end as arrival,
        case
            when version = 2 then 'correction'
            when first_upload > deadline then 'late'
            else 'main'
        end as delivery,
        case
            when version = 2 then moment(uploaded_on, 64800 + below(i, 'evening', 14400))
            when version_flaw = 'date_implausible' then moment(discharged - 2, 28800 + below(i, 'hour', 36000))
            else moment(uploaded_on, 28800 + below(i, 'hour', 36000))
        end as dcla_time
    from versions as v
),
sent as (
    select * from delivered
    union all
    -- A delivery that repeats what has arrived before changes nothing: the same version, a month later.
    select * replace (
        strftime(strptime(arrival, '%Y-%m') + interval 1 month, '%Y-%m') as arrival,
        'repeated' as delivery
    )
    from delivered
    where delivery = 'main'
      and version_flaw = 'none'
      and chance(i, 'delivered again') < getvariable('rate').delivered_again
)
select
    'S' || getvariable('area') || lpad(i::varchar, 10, '0') as setl_id,
    i, version, version_flaw, arrival, delivery, dcla_time,
    person, employee, nonlocal, hospital_number,
    fixmedins_code, hospital_name, drg, surgical, icd,
    admitted, discharged, settled, days, fee, fund, second_fund
from sent;
