-- All versions of the claims of this_month, each with the delivery it comes in. Claims go in pairs, an even number
-- and the next: the second may be a readmission after the first, and may then settle in a later month.
insert into pending
with numbered as (
    select unnest(range(first_claim, last_claim + 1)) as i, first, last_claim from this_month
),
placed as (
    select
        n.*,
        n.first + d.day as own_settled,
        settling_days(n.i) as settling,
        own_settled - settling as own_discharge,
        h.number as hospital
    from numbered as n
    inner join month_day as d on d.n = below(n.i, 'settled', getvariable('day_draws'))
    asof join hospital_pick as h on (draw(n.i, 'hospital') >> 32)::bigint >= h.low
),
grouped as (
    select
        p.*,
        case
            when chance(i, 'rare') < getvariable('rare_rate') then one_of(i, 'which rare', getvariable('rare_groups'))
            when year(p.first) = getvariable('last_year')
             and chance(i, 'new') < getvariable('new_group_rate')
                then one_of(i, 'which new', getvariable('new_groups'))
            else g.number
        end as group_number
    from placed as p
    inner join hospital as h on p.hospital = h.number
    asof join (select p.* from group_pick as p inner join this_month as m on p.month = month(m.first)) as g
        on h.first_pick + (draw(p.i, 'group') >> 32)::bigint >= g.low
),
-- Births, new-borns and transplants do not come back within weeks: they are persons of their own.
drawn as materialized (
    select
        g.*, r.recipe, r.planned, r.alone, r.kin, r.sex, r.years_from, r.years_to,
        normal(i, 'fee') as z,
        greatest(1, round(exp(
            ln(r.days) + getvariable('stay').spread * (
                getvariable('stay').with_fee * z
                + sqrt(1 - getvariable('stay').with_fee ** 2) * normal(i, 'days')
                - getvariable('stay').spread / 2
            )
        ))::integer) as own_days,
        chance(i, 'split') < h.split_rate and own_days >= getvariable('habits').split.least_days
            and inclined(i, hospital, r.department) and r.los_from <= 1 as may_split
    from grouped as g
    inner join hospital as h on g.hospital = h.number
    inner join demo_group as c on g.group_number = c.number
    inner join known_recipe as r
        on r.recipe = c.first_recipe + least(c.recipes - 1, floor(c.recipes * chance(g.i, 'recipe') ** 1.5))::integer
),
paired as (
    select
        i as pair,
        case
            when alone then null
            when may_split then 'split'
            when planned and chance(i, 'again') < getvariable('readmissions').planned.share then 'planned'
            when chance(i, 'again') < 2 * getvariable('readmissions').share then 'again'
        end as bond,
        case bond
            when 'split' then within(i, 'split gap', getvariable('habits').split.days)
            when 'planned' then within(i, 'course gap', getvariable('readmissions').planned.days)
            else 1 + floor(getvariable('readmissions').days * chance(i, 'gap') ** getvariable('readmissions').haste)::integer
        end as gap
    from drawn
    where i % 2 = 0 and i < last_claim
),
followed as (
    select
        d.i, d.first, d.own_days, d.own_discharge, d.settling, d.hospital as other_hospital, p.gap,
        coalesce(p.bond = 'split', false) as split,
        i % 2 = 1 and p.bond is not null as again,
        if(again, i - 1, i) as origin
    from drawn as d
    left join paired as p on p.pair = d.i - d.i % 2
),
-- A readmitted patient comes back with the same record or a related one; what is drawn of the person is the origin's.
met as (
    select
        f.*,
        again and not split and chance(f.i, 'elsewhere') < getvariable('readmissions').elsewhere as elsewhere,
        if(elsewhere, f.other_hospital, o.hospital) as drawn_hospital,
        if(
            again and not split and len(o.kin) > 0 and chance(f.i, 'kin') < getvariable('readmissions').related,
            one_of(f.i, 'which kin', o.kin),
            o.recipe
        ) as recipe,
        o.own_settled as origin_settled, o.own_discharge as origin_discharge, o.alone, o.sex as person_sex, o.years_from as person_years_from, o.years_to as person_years_to,
        if(split, o.z, normal(f.i, 'fee')) as z,
        if(split, o.own_days, f.own_days) as whole_days
    from followed as f
    inner join drawn as o on o.i = f.origin
),
stayed as (
    select
        m.*,
        r.group_number, r.years_from, r.years_to, r.days_from, r.days_to, r.weight_from, r.weight_to,
        r.disposition, r.department, r.diagnoses as recipe_diagnoses, r.procedures as recipe_procedures,
        r.drg, r.surgical, r.ln_cost, r.sigma, r.uneven,
        inclined(i, drawn_hospital, department) as inclined,
        -- A first half is the longer one.
        if(split, if(again, whole_days // 2, whole_days - whole_days // 2), whole_days) as drawn_days,
        if(
            inclined and not split and chance(i, 'keep') < h.keep_rate,
            list_filter(getvariable('habits').stay_limits, lambda l: drawn_days between l['from'] and l.days - 1)[1].days,
            null
        ) as kept,
        least(greatest(
            coalesce(kept, drawn_days)
                + if(chance(i, 'long') < getvariable('stay').long, within(i, 'long days', getvariable('stay').long_days), 0),
            r.los_from
        ), r.los_to)::integer as days
    from met as m
    inner join hospital as h on m.drawn_hospital = h.number
    inner join known_recipe as r on r.recipe = m.recipe
),
dated as (
    select
        s.*,
        origin_discharge + gap as again_from,
        -- What would settle before this month came too late: its month has been delivered.
        again and again_from + days + settling between first and getvariable('last_day') as readmitted,
        if(readmitted, again_from, own_discharge - days) as admitted,
        if(readmitted, again_from + days, own_discharge) as discharged,
        discharged + settling as settled
    from stayed as s
),
-- A person is a sex and some days of birth; the ends of the years leave room for a stay and for coming back.
aged as (
    select
        d.*,
        origin_settled - (
            person_years_from * 1461 // 4 + 190
            + below(origin, 'age', ((person_years_to - person_years_from + 1) * 1461 // 4 - 250)::integer)
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
            (birth * 2 + person_sex::integer) * getvariable('persons_alike') + below(origin, 'person', getvariable('persons_alike'))
        ) as person,
        case
            when days_from is not null then admitted - age_in_days::integer
            when alone then about_born
            else date '1880-01-01' + (birth * getvariable('birth_days') + below(person, 'born', getvariable('birth_days')))::integer
        end as born,
        weight_from + below(i, 'weight', (weight_to - weight_from + 1)::integer) as weight
    from aged as a
),
treated as (
    select
        d.*,
        case
            when d.discharged between h.closed_from and h.closed_to then 1 + d.drawn_hospital % 3
            else d.drawn_hospital
        end as hospital_number,
        if(
            weight is not null and chance(i, 'newborn flaw') < getvariable('rates').newborn_incomplete,
            'newborn_incomplete',
            f.flaw
        ) as drawn_flaw
    from known as d
    inner join hospital as h on d.drawn_hospital = h.number
    asof join flaw_pick as f on (draw(d.i, 'flaw') >> 32)::bigint >= f.low
),
priced as (
    select
        t.*,
        h.fixmedins_code, h.name as hospital_name, h.level, h.lift_rate, h.push_rate, h.hold_rate,
        born < getvariable('last_day') - to_years(getvariable('working_age'))
            and chance(person, 'employee') < getvariable('rates').employee as employee,
        chance(person, 'nonlocal') < getvariable('rates').nonlocal as nonlocal,
        greatest(getvariable('fees').least * 100, round(100 * exp(
            t.ln_cost + h.ln_cost + t.sigma * z
            + ln(1 + getvariable('yearly_growth')) * (year(settled) - getvariable('last_year'))
            + if(t.uneven and chance(i, 'uneven') < getvariable('uneven').share, ln(getvariable('uneven').factor), 0)
            + if(split, ln(getvariable('habits').split.bills), 0)
            + case
                when chance(i, 'outlier') < getvariable('fees').dear.share
                    then least(
                        ln(getvariable('fees').dear.most),
                        ln(getvariable('fees').dear.factor) - getvariable('fees').dear.tail * ln(greatest(chance(i, 'tail'), 1e-12))
                    )
                when chance(i, 'outlier') > 1 - getvariable('fees').cheap.share
                    then ln(getvariable('fees').cheap.lowest + (getvariable('fees').cheap.highest - getvariable('fees').cheap.lowest) * chance(i, 'tail'))
                else 0
            end
        ))::bigint) as unbent_fee,
        h.fund
            + if(employee, getvariable('payment').fund_employee, getvariable('payment').fund_resident)
            + if(nonlocal, getvariable('payment').fund_nonlocal, 0)
            + below(i, 'fund', 2 * getvariable('payment').fund_spread + 1) - getvariable('payment').fund_spread as fund_share,
        working_day_after(discharged, getvariable('deadline_days')) as deadline
    from treated as t
    inner join hospital as h on t.hospital_number = h.number
),
-- Fees near a threshold that some put on its better side, as far as they know the level mean.
bent as (
    select
        p.*,
        getvariable('habits').low * m.level_mean as low_end,
        m.multiple * m.level_mean as high_end,
        case
            when not inclined then null
            when unbent_fee <= low_end and unbent_fee >= low_end * (1 - getvariable('habits').lift.reach)
             and chance(i, 'lift') < lift_rate
                then ceil(low_end * (1 + getvariable('habits').lift.by * chance(i, 'bent') ** 2)) + 1
            when unbent_fee <= high_end and unbent_fee >= high_end * (1 - getvariable('habits').push.reach)
             and chance(i, 'push') < push_rate
                then ceil(high_end * (1 + getvariable('habits').push.by * chance(i, 'bent') ** 2)) + 1
            when unbent_fee > high_end and unbent_fee <= high_end * (1 + getvariable('habits').hold.reach)
             and chance(i, 'hold') < hold_rate
                then floor(high_end * (1 - getvariable('habits').hold.by * chance(i, 'bent') ** 2))
        end::bigint as bent_fee,
        coalesce(bent_fee, unbent_fee) as first_fee,
        case
            when bent_fee is null then null
            when unbent_fee <= low_end then 'lift'
            when unbent_fee <= high_end then 'push'
            else 'hold'
        end as fee_habit,
        -- A readmission that does not fit into the span leaves no second half.
        case when split and (readmitted or not again) then 'split' when days = kept then 'keep' end as stay_habit
    from priced as p
    inner join known_mean as m on m.number = p.group_number and m.level = p.level
),
uploaded as (
    select
        p.*,
        chance(i, 'very late') < getvariable('rates').very_late as very_late,
        chance(i, 'late') < getvariable('rates').late as late,
        least(getvariable('horizon'), case
            when very_late then make_date(year(settled) + 1, 2, 1) + below(i, 'february', 10)
            when late then working_day_after(
                discharged, getvariable('deadline_days') + 1 + below(i, 'late days', getvariable('late_days'))
            )
            else greatest(settled, working_day_after(discharged, one_of(i, 'upload days', getvariable('upload_days'))))
        end) as first_upload,
        -- Only a claim that can have a fault has it.
        case
            when case drawn_flaw
                when 'dscg_after_settlement' then date_trunc('month', discharged - 1) <> date_trunc('month', settled)
                when 'settlement_after_upload' then date_trunc('month', first_upload + 1) <> date_trunc('month', settled)
                when 'duplicate_procedure' then recipe_procedures = 0
                when 'procedure_outside_stay' then recipe_procedures = 0
                when 'fee_per_day'
                    then days > getvariable('slipped').days or first_fee < getvariable('slipped').day_fee * 100 * greatest(days, 1)
                else false
            end then 'none'
            else drawn_flaw
        end as flaw,
        chance(i, 'corrected')
            < case flaw
                when 'none' then getvariable('rates').corrected
                when 'fee_per_day' then 1
                else getvariable('rates').corrected_flaw
            end as corrected
    from bent as p
),
versions as (
    select
        u.*,
        if(version = 1, flaw, 'none') as version_flaw,
        if(
            version = 1,
            if(flaw = 'fee_per_day', 100, 1) * first_fee,
            first_fee + first_fee * (below(i, 'change', 2 * getvariable('corrections').fee + 1) - getvariable('corrections').fee) // 100
        ) as fee,
        case
            when version = 1 then first_upload
            when chance(i, 'in time') < getvariable('rates').correction_in_time and first_upload <= deadline
                then least(deadline, working_day_after(first_upload, below(i, 'soon', getvariable('corrections').soon + 1)))
            else least(
                getvariable('horizon'),
                working_day_after(
                    greatest(first_upload, deadline), 1 + below(i, 'afterwards', getvariable('corrections').after)
                )
            )
        end as uploaded_on,
        fee * fund_share // 1000 as fund,
        if(
            fee > getvariable('payment').second_above * 100,
            floor((fee - fee * fund_share // 1000) * getvariable('payment').second_share)::bigint,
            0
        ) as second_fund
    from (select *, unnest(if(corrected, [1, 2], [1])) as version from uploaded) as u
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
        end as dcla_time,
        -- Where a correction says that the month was another one: the next, if it has begun, or else the one before.
        date_trunc('month', settled)::date as month_start,
        (month_start + interval 1 month)::date as next_month,
        if(
            version = 2 and days_from is null and chance(i, 'moves') < getvariable('rates').correction_moves,
            case
                when uploaded_on >= next_month + 3 and next_month + 3 <= getvariable('last_day')
                    then date_diff('day', settled, next_month) + below(i, 'moved', 3)
                when month_start > getvariable('first_day')
                    then date_diff('day', settled, month_start) - 1 - below(i, 'moved', 3)
                else 0
            end,
            0
        )::integer as moved
    from versions as v
),
told as (
    select
        * replace (
            settled + moved as settled,
            discharged + least(moved, 0) as discharged,
            admitted + least(moved, 0) as admitted
        ),
        1 as direction,
        -- Whose settlement a row is: the claim's own, the stay's a second time, or another person's under the claim's id.
        'own' as settlement
    from delivered
),
sent as (
    select * from told
    union all
    -- A delivery that repeats what has arrived before changes nothing: the same version, a month later.
    select * replace (
        strftime(strptime(arrival, '%Y-%m') + interval 1 month, '%Y-%m') as arrival,
        'repeated' as delivery
    )
    from told
    where delivery = 'main'
      and version_flaw = 'none'
      and chance(i, 'delivered again') < getvariable('rates').delivered_again
    union all
    -- A refund is a claim of its own, which takes back the one before it.
    select * exclude (refunded_after) replace (
        settled + refunded_after as settled,
        if(deadline < settled + refunded_after, 'late', 'main') as delivery,
        strftime(settled + refunded_after, '%Y-%m') as arrival,
        moment(settled + refunded_after, 64800 + below(i, 'evening', 14400)) as dcla_time,
        -1 as direction
    )
    from (select *, 1 + below(i, 'refunded after', 12) as refunded_after from told)
    where version = 1
      and flaw = 'none'
      and not corrected
      and chance(i, 'refunded') < getvariable('rates').refunded
      and settled + refunded_after <= getvariable('last_day')
    union all
    -- A stay that is settled once more, under an id of its own.
    select * exclude (again_after) replace (
        settled + again_after as settled,
        if(deadline < settled + again_after, 'late', 'main') as delivery,
        strftime(settled + again_after, '%Y-%m') as arrival,
        moment(settled + again_after, 64800 + below(i, 'night', 14400)) as dcla_time,
        'again' as settlement
    )
    from (select *, 1 + below(i, 'settled again', 12) as again_after from told)
    where version = 1
      and flaw = 'none'
      and not corrected
      and chance(i, 'settled twice') < getvariable('rates').settled_twice
      and settled + again_after <= getvariable('last_day')
    union all
    -- An id that was given twice: the claim of another person comes as if it were a correction.
    select * replace (
        person + 1 as person,
        'correction' as delivery,
        dcla_time + interval 9 hour as dcla_time,
        'foreign' as settlement
    )
    from told
    where version = 1
      and flaw = 'none'
      and not corrected
      and delivery = 'main'
      and chance(i, 'id given twice') < getvariable('rates').id_given_twice
)
select
    'S' || getvariable('area') || lpad(i::varchar, 10, '0') || case when direction < 0 then 'T' when settlement = 'again' then 'D' else '' end
        as setl_id,
    i, version, settlement, version_flaw, direction, arrival, delivery, dcla_time, fee_habit, stay_habit,
    person, employee, nonlocal, hospital_number, level, group_number,
    fixmedins_code, hospital_name, s.drg, s.surgical, recipe, person_sex as sex, born, disposition, department,
    -- Age and weight are told of new-borns and of infants.
    if(days_from is null, null, age_in_days) as age_in_days,
    weight,
    -- What the platform makes of it: now and then another group, and none of what it cannot group.
    case
        when version_flaw in ('sex_invalid', 'principal_code_unknown', 'newborn_incomplete') then '0000'
        when version_flaw = 'principal_diagnosis' and not (i % 2 = 0 and recipe_diagnoses > 1) then '0000'
        when chance(i, 'ungrouped') < getvariable('rates').ungrouped then if(i % 2 = 0, '0000', null)
        when chance(i, 'platform') < getvariable('rates').platform_other and len(others) > 0
            then one_of(i, 'other group', others)
        when chance(i, 'platform') > 1 - getvariable('rates').platform_other_adrg and len(strangers) > 0
            then one_of(i, 'other group', strangers)
        else s.drg
    end as platform_drg,
    admitted, discharged, settled, s.days, fee, fund, second_fund
from sent as s
inner join demo_group as g on g.number = s.group_number;
