-- Records that should come out as the group of a leaf: `tries` for each leaf that is still wanted.
create or replace temp table drafted as
with numbered as (
    select w.*, m.* exclude (adrg, principal), k, w.leaf * 1000000 + getvariable('round') * 100000 + k as c
    from wanted as w
    inner join adrg_mix as m on m.adrg = w.adrg
    cross join unnest(range(m.keep * getvariable('tries'))) as counted(k)
    where w.drg not in (select drg from recipe)
),
told as (
    select
        n.*,
        p.code as principal,
        if(roll(c, 'child') < child_share or years_to < 18, 0, 1) as grown
    from numbered as n
    inner join code_list as l
        on l.list = if(getvariable('round') = 0, 'principal ', 'any principal ') || n.leaf
    inner join listed_code as p on p.list = l.list and p.place = place_of(l.size, roll(c, 'principal') ^ 1.6)
),
aged as (
    select
        t.*,
        d.stage,
        coalesce(
            pick(t.sexes, roll(c, 'which sex')), d.sex, if(roll(c, 'sex') < 0.53, '1', '2')
        ) as sex,
        case
            when infant then 0
            when grown = 1 then greatest(age_from, years_from)
            else years_from
        end as low,
        case
            when infant then 0
            when grown = 1 then greatest(low, least(age_to, years_to))
            else greatest(low, least(17, years_to))
        end as high,
        case
            when infant then 0
            when grown = 1 then low + floor((high - low + 1) * (roll(c, 'age') + roll(c, 'age too')) / 2)::bigint
            else low + floor((high - low + 1) * roll(c, 'age') ^ 1.5)::bigint
        end as age
    from told as t
    left join trait as d on d.code = t.principal
),
newborn as (
    select
        a.*,
        case
            when age > 0 then null
            when days_to <= newborn_days() or infant and days_from <= newborn_days()
                then days_from + floor((least(days_to, newborn_days()) - days_from + 1) * roll(c, 'days') ^ 2.5)::bigint
            else greatest(days_from, 45) + floor((330 - greatest(days_from, 45)) * roll(c, 'days'))::bigint
        end as age_in_days,
        case
            when age_in_days is null or age_in_days > newborn_days() then null
            when weight_from is null and weight_to is null then 2600 + floor(1500 * roll(c, 'weight'))::bigint
            else coalesce(weight_from, weight_to - 600)
                + floor((coalesce(weight_to, weight_from + 1500) - coalesce(weight_from, weight_to - 600) + 1)
                * roll(c, 'weight'))::bigint
        end as weight,
        least(greatest(round(mean_days)::bigint, los_from), los_to) as los
    from aged as a
)
select
    n.c, n.leaf, n.drg, n.k, n.mdc, n.sex, n.principal, n.asks_mcc, n.asks_cc, n.splits,
    case
        when n.age_in_days <= newborn_days() or n.infant then 'newborn'
        when n.stage = 'maternal' then 'maternal'
        when n.age < 18 then 'child'
        else 'adult'
    end as stage,
    n.age, n.age_in_days, n.weight, n.los,
    y.low as stretch_from, y.high as stretch_to,
    greatest(y.low, n.age - 4) as years_from, least(y.high, n.age + 4) as years_to,
    greatest(d.low, n.age_in_days - 8) as days_from, least(d.high, n.age_in_days + 8) as days_to,
    greatest(w.low, n.weight - 150) as weight_from, least(w.high, n.weight + 150) as weight_to,
    l.low as los_from, l.high as los_to,
    coalesce(pick(n.dispositions, roll(c, 'disposition')), if(getvariable('asks_disposition'), '1', null)) as disposition,
    coalesce(pick(n.departments, roll(c, 'department')), n.department) as department,
    x.exclusion_table as excludes
from newborn as n
inner join stretch as y on y.field = 'age_years' and n.age between y.low and y.high
inner join stretch as l on l.field = 'los_days' and n.los between l.low and l.high
left join stretch as d on d.field = 'age_days' and n.age_in_days between d.low and d.high
left join stretch as w on w.field = 'newborn_weight_g' and n.weight between w.low and w.high
left join scheme.cc_exclusion as x on x.principal_diagnosis = n.principal;

-- The further codes: what the leaf asks for, its complications, and some that change nothing.
create or replace temp table wish as
select d.c, 'diagnosis' as kind, 10 + a.n as slot, 'set ' || a.code_set as list
from drafted as d
inner join asked as a on a.leaf = d.leaf and a.predicate in ('any_diagnosis_in', 'other_diagnosis_in') and not a.negated
union all
select d.c, 'diagnosis', 100 * a.n + j, 'class ' || a.code_set
from drafted as d
inner join asked as a on a.leaf = d.leaf and a.predicate = 'any_diagnosis_class_count' and not a.negated
cross join unnest(range(a.min_value)) as counted(j)
union all
select c, 'diagnosis', 5000 + slot, kind || ' ' || stage || ' ' || sex
from (
    select
        c, stage, sex,
        unnest([
            if(asks_mcc or not splits and roll(c, 'mcc') < 0.1, 'mcc', null),
            if(asks_mcc and roll(c, 'second mcc') < 0.2, 'mcc', null),
            if(asks_cc or (asks_mcc or not splits) and roll(c, 'cc') < 0.4, 'cc', null),
            if((asks_cc or asks_mcc) and roll(c, 'second cc') < 0.35, 'cc', null)
        ]) as kind,
        unnest([1, 2, 3, 4]) as slot
    from drafted
)
where kind is not null
union all
select c, 'diagnosis', 6000, 'excluded ' || excludes || ' ' || sex
from drafted
where excludes is not null and stage = 'adult' and roll(c, 'excluded') < 0.25
union all
select c, 'diagnosis', 6001, 'near ' || left(principal, 1) || ' ' || sex
from drafted
where roll(c, 'near') < 0.45
union all
select c, 'procedure', 0, 'operation ' || leaf from drafted
union all
select c, 'procedure', 6000, 'operation ' || leaf from drafted where roll(c, 'second operation') < 0.2
union all
select d.c, 'procedure', 10 + a.n, 'set ' || a.code_set
from drafted as d
inner join asked as a on a.leaf = d.leaf and a.predicate in ('any_procedure_in', 'other_procedure_in') and not a.negated;

create or replace temp table draft as
with placed as materialized (
    select w.*, place_of(l.size, roll(w.c, w.kind || w.slot)) as place
    from wish as w
    inner join code_list as l on l.list = w.list
),
granted as materialized (
    select w.c, w.kind, w.slot, p.code
    from placed as w
    inner join listed_code as p on p.list = w.list and p.place = w.place
),
listed as (
    select
        d.c,
        list(g.code order by g.slot) filter (g.kind = 'diagnosis') as others,
        list(g.code order by g.slot) filter (g.kind = 'procedure') as operations,
        -- A code of the other sex, of childbed or of the newborn where it does not belong.
        coalesce(bool_or(not fits(t.sex, d.sex) or t.stage = 'newborn' and d.stage <> 'newborn'
            or t.stage = 'maternal' and d.stage <> 'maternal') filter (g.kind = 'diagnosis'), false) as odd
    from drafted as d
    left join granted as g on g.c = d.c
    left join trait as t on t.code = g.code and g.kind = 'diagnosis'
    group by d.c
)
select
    d.*,
    list_filter(
        list_concat([d.principal], coalesce(l.others, [])),
        lambda code, place: list_position(list_concat([d.principal], coalesce(l.others, [])), code) = place
    ) as diagnoses,
    list_filter(coalesce(l.operations, []), lambda code, place: list_position(l.operations, code) = place) as procedures,
    row_number() over (order by d.c) - 1 as record_no
from drafted as d
inner join listed as l on l.c = d.c
where not l.odd;
