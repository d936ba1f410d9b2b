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
    select f.*, h.number as drawn_hospital
    from following as f
    asof join hospital_pick as h on (draw(f.origin, 'hospital') >> 32)::bigint >= h.low
),
grouped as (
    select
        p.*,
        case
            when chance(origin, 'rare') < getvariable('rare_rate')
                then list_extract(
                    getvariable('rare_groups'), 1 + below(origin, 'which rare', len(getvariable('rare_groups')))
                )
            when year(getvariable('month_first')) = getvariable('last_year')
             and chance(origin, 'new') < getvariable('rate').new_group
                then list_extract(getvariable('new_groups'), 1 + below(origin, 'which new', len(getvariable('new_groups'))))
            else g.number
        end as group_number
    from placed as p
    inner join hospital as h on p.drawn_hospital = h.number
    asof join group_pick as g on h.level = g.level and (draw(p.origin, 'group') >> 32)::bigint >= g.low
),
stayed as (
    select
        g.*,
        c.drg, c.surgical, c.ln_cost, c.sigma, c.uneven, c.single, c.others,
        r.recipe, r.sex, r.years_from, r.years_to, r.days_from, r.days_to, r.weight_from, r.weight_to,
        r.disposition, r.department, len(r.diagnoses) as recipe_diagnoses,
        -- Births, new-borns and transplants do not come back within weeks: they are persons of their own.
        c.single or r.days_from is not null as alone,
        least(greatest(
            greatest(1, round(c.days * (0.45 + 1.1 * chance(i, 'days')))::integer
                + if(chance(i, 'long') < 0.01, 20 + below(i, 'long days', 50), 0)),
            r.los_from
        ), r.los_to)::integer as days
    from grouped as g
    inner join demo_group as c on g.group_number = c.number
    inner join recipe as r
        on r.recipe = c.first_recipe + least(c.recipes - 1, floor(c.recipes * chance(g.origin, 'recipe') ** 1.5))::integer
),
dated as (
    select
        s.*,
        again and not alone and again_from + days + settling_days(i) <= getvariable('last_day') as readmitted,
        if(readmitted, again_from, own_discharge(i) - days) as admitted,
        if(readmitted, again_from + days, own_discharge(i)) as discharged,
        discharged + settling_days(i) as settled
    from stayed as s
),
-- A person is a sex and some days of birth; the ends of the years leave room for a stay and for coming back.
aged as (
    select
        d.*,
        own_settled(origin) - (
            years_from * 1461 // 4 + 190 + below(origin, 'age', ((years_to - years_from + 1) * 1461 // 4 - 250)::integer)
        )::integer as about_born,
        date_diff('day', date '1880-01-01', about_born) // getvariable('birth_days') as birth,
        days_from + below(i, 'age in days', (days_to - days_from + 1)::integer) as age_in_days
    from dated as d
),
known as (
    select
        a.*,
        if(
            alone,
            900000000000 + i,
            (birth * 2 + sex::integer) * getvariable('persons_alike') + below(origin, 'person', getvariable('persons_alike'))
        ) as person,
        case
            when days_from is not null then admitted - age_in_days::integer
            when alone then about_born
            else date '1880-01-01' + (birth * getvariable('birth_days') + below(person, 'born', getvariable('birth_days')))::integer
        end as born
    from aged as a
),
treated as (
    select
        d.*,
        case
            when d.discharged between h.closed_from and h.closed_to then 1 + d.drawn_hospital % 3
            else d.drawn_hospital
        end as hospital_number,
        f.flaw
    from known as d
    inner join hospital as h on d.drawn_hospital = h.number
    asof join flaw_pick as f on d.flaw_draw >= f.low
),
priced as (
    select
        t.*,
        h.fixmedins_code, h.name as hospital_name,
        born < getvariable('last_day') - interval 22 year
            and chance(person, 'employee') < getvariable('rate').employee as employee,
        chance(person, 'nonlocal') < getvariable('rate').nonlocal as nonlocal,
        greatest(30000, round(100 * exp(
            t.ln_cost + h.ln_cost + t.sigma * normal(i, 'fee')
            + ln(1 + getvariable('yearly_growth')) * (year(settled) - getvariable('last_year'))
            + if(t.uneven and chance(i, 'uneven') < 0.32, ln(14), 0)
        ))::bigint) as first_fee,
        h.fund
            + if(employee, 45, -55)
            - if(nonlocal, 80, 0)
            + below(i, 'fund', 101) - 50 as fund_share,
        working_day_after(discharged, getvariable('deadline_days')) as deadline
    from treated as t
    inner join hospital as h on t.hospital_number = h.number
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
    fixmedins_code, hospital_name, drg, surgical, recipe, sex, born, disposition, department,
    -- Age and weight are told of new-borns and of infants.
    if(days_from is null, null, age_in_days) as age_in_days,
    weight_from + below(i, 'weight', (weight_to - weight_from + 1)::integer) as weight,
    -- What the platform makes of it: now and then another group, and none of what it cannot group.
    case
        when version_flaw in ('sex_invalid', 'principal_code_unknown') then '0000'
        when version_flaw = 'principal_diagnosis' and not (i % 2 = 0 and recipe_diagnoses > 1) then '0000'
        when chance(i, 'ungrouped') < getvariable('rate').ungrouped then if(i % 2 = 0, '0000', null)
        when chance(i, 'platform') < getvariable('rate').platform_other and len(others) > 0
            then list_extract(others, 1 + below(i, 'other group', len(others)))
        else drg
    end as platform_drg,
    admitted, discharged, settled, days, fee, fund, second_fund
from sent;
