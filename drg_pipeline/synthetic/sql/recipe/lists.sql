-- What the rules of the scheme ask of a case, and the lists of codes that recipes are drawn from. Lists are in an
-- order that depends on nothing but the scheme.
create or replace macro roll(c, what) as (hash(hash(c, what), 'recipe') >> 12)::double / 4503599627370496.0;
create or replace macro pick(codes, share) as codes[1 + least(len(codes) - 1, floor(len(codes) * share)::bigint)];
create or replace macro place_of(size, share) as least(size - 1, floor(size * share)::bigint);
create or replace macro fits(own, wanted) as own is null or wanted is null or own = wanted;

create or replace temp table trait as
select
    d.code,
    coalesce(any_value(d.name), d.code) as name,
    max(t.sex) as sex,
    max(t.stage) as stage
from scheme.diagnosis as d
left join trait_prefix as t on starts_with(d.code, t.prefix)
group by d.code;

-- Every way to a group: an alternative of the MDC's gate, of the ADRG's rule and of the group's own. It is called a
-- leaf, as in the layout of schemes.
create or replace temp table leaf as
with gate as (
    select distinct mdc, alternative from scheme.mdc_rule
),
adrg_way as (
    select distinct adrg, alternative from scheme.adrg_rule
),
drg_way as (
    select distinct adrg, drg, alternative from scheme.drg_rule
)
select
    row_number() over (order by d.drg, d.adrg, g.alternative, w.alternative, d.alternative) as leaf,
    a.mdc, a.adrg, d.drg,
    g.alternative as mdc_alternative, w.alternative as adrg_alternative, d.alternative as drg_alternative
from scheme.adrg as a
inner join gate as g on g.mdc = a.mdc
inner join adrg_way as w on w.adrg = a.adrg
inner join drg_way as d on d.adrg = a.adrg
where a.kind <> 'ambiguous';

-- Rule rows of every leaf.
create or replace temp table asked as
with rule as (
    select l.leaf, r.predicate, r.negated, r.code_set, r.min_value, r.max_value, r.value
    from leaf as l
    inner join scheme.mdc_rule as r on r.mdc = l.mdc and r.alternative = l.mdc_alternative
    union all
    select l.leaf, r.predicate, r.negated, r.code_set, r.min_value, r.max_value, r.value
    from leaf as l
    inner join scheme.adrg_rule as r on r.adrg = l.adrg and r.alternative = l.adrg_alternative
    union all
    select l.leaf, r.predicate, r.negated, r.code_set, r.min_value, r.max_value, r.value
    from leaf as l
    inner join scheme.drg_rule as r on r.adrg = l.adrg and r.drg = l.drg and r.alternative = l.drg_alternative
)
select
    row_number() over (
        partition by leaf order by predicate, negated, code_set, min_value, max_value, value
    ) as n,
    *
from rule;

-- The bands and values that a leaf asks for; the ends of the years belong to them.
create or replace temp table wanted as
select
    l.leaf, l.mdc, l.adrg, l.drg,
    coalesce(max(a.min_value) filter (a.predicate = 'age_years'), 0) as years_from,
    coalesce(min(a.max_value) filter (a.predicate = 'age_years'), 121) - 1 as years_to,
    coalesce(max(a.min_value) filter (a.predicate = 'age_days'), 0) as days_from,
    coalesce(min(a.max_value) filter (a.predicate = 'age_days'), 366) - 1 as days_to,
    max(a.min_value) filter (a.predicate = 'newborn_weight_g') as weight_from,
    min(a.max_value) filter (a.predicate = 'newborn_weight_g') - 1 as weight_to,
    coalesce(max(a.min_value) filter (a.predicate = 'los_days'), 1) as los_from,
    coalesce(min(a.max_value) filter (a.predicate = 'los_days'), 136) - 1 as los_to,
    string_split(any_value(a.value) filter (a.predicate = 'sex'), '|') as sexes,
    string_split(any_value(a.value) filter (a.predicate = 'discharge_disposition'), '|') as dispositions,
    string_split(any_value(a.value) filter (a.predicate = 'department'), '|') as departments,
    coalesce(bool_or(a.predicate = 'has_mcc'), false) as asks_mcc,
    coalesce(bool_or(a.predicate = 'has_cc'), false) as asks_cc,
    coalesce(bool_or(a.predicate in ('age_days', 'newborn_weight_g')), false) or years_to < 1 as infant
from leaf as l
left join asked as a on a.leaf = l.leaf and not a.negated
group by l.leaf, l.mdc, l.adrg, l.drg;

-- Between two cuts no rule answers differently.
create or replace temp table stretch as
with cut as (
    select distinct predicate as field, unnest([min_value, max_value]) as low
    from asked
    where predicate in ('age_years', 'age_days', 'newborn_weight_g', 'los_days')
    union
    select * from (values
        ('age_years', 0), ('age_years', 1), ('age_years', 121), ('age_days', 0), ('age_days', newborn_days() + 1),
        ('age_days', 366), ('newborn_weight_g', 1), ('newborn_weight_g', 9999), ('los_days', 0), ('los_days', 136)
    )
)
select field, low, lead(low) over (partition by field order by low) - 1 as high
from cut
where low is not null
qualify high is not null;

-- Codes by which nothing is decided when they stand among the others.
create or replace temp table neutral as
with looked_at as (
    select s.code, a.predicate like '%diagnosis%' as diagnosis
    from asked as a
    inner join scheme.code_set as s on s.set_id = a.code_set
    where a.predicate <> 'principal_diagnosis_in'
    union all
    select code, true from scheme.code_class
    union all
    select code, true from scheme.mcc
    union all
    select code, true from scheme.cc
)
select 'diagnosis' as kind, code from trait where code not in (select code from looked_at where diagnosis)
union all
select 'procedure', code from scheme.procedure where code not in (select code from looked_at where not diagnosis);

create or replace temp table listed_code as
with first_code as (
    select leaf, predicate, code_set, count(*) over (partition by leaf, predicate) as sets
    from (
        select distinct leaf, predicate, code_set
        from asked
        where predicate in ('principal_diagnosis_in', 'principal_procedure_in') and not negated
    )
),
in_all as (
    select f.leaf, f.predicate, s.code
    from first_code as f
    inner join scheme.code_set as s on s.set_id = f.code_set
    group by f.leaf, f.predicate, s.code
    having count(*) = any_value(f.sets)
),
principal as (
    select w.leaf, w.adrg, w.infant, w.sexes, i.code
    from wanted as w
    inner join in_all as i on i.leaf = w.leaf and i.predicate = 'principal_diagnosis_in'
    union all
    select w.leaf, w.adrg, w.infant, w.sexes, d.code
    from wanted as w
    cross join scheme.diagnosis as d
    where d.valid_for_grouping
      and w.leaf not in (select leaf from first_code where predicate = 'principal_diagnosis_in')
),
coherent as (
    select
        p.leaf,
        p.code,
        coalesce(list_bool_or(list_transform(m.principal, lambda prefix: starts_with(p.code, prefix))), false) as usual,
        bool_or(usual) over (partition by p.leaf) as has_usual
    from principal as p
    inner join trait as t on t.code = p.code
    inner join adrg_mix as m on m.adrg = p.adrg
    where (p.infant or t.stage is distinct from 'newborn')
      and (p.sexes is null or t.sex is null or list_contains(p.sexes, t.sex))
),
complication as (
    select 'mcc' as kind, code, exclusion_table from scheme.mcc
    union all
    select 'cc', code, exclusion_table from scheme.cc
),
-- Complications by the stage of life; those that are seen every day stand there more than once.
staged as (
    select c.kind, s.stage, x.sex, c.code, unnest(range(if(u.prefix is null, 1, 8))) as again
    from complication as c
    inner join trait as t on t.code = c.code
    cross join (values ('newborn'), ('maternal'), ('child'), ('adult')) as s(stage)
    cross join (values ('1'), ('2')) as x(sex)
    left join (select distinct prefix from prefix_list where list = 'usual') as u on starts_with(c.code, u.prefix)
    where fits(t.sex, x.sex)
      and case s.stage
          when 'newborn' then t.stage = 'newborn' or starts_with(c.code, 'Q')
          when 'maternal' then t.stage = 'maternal'
          else
              t.stage is null and not exists (
                  select 1
                  from prefix_list as n
                  where starts_with(c.code, n.prefix) and (n.list = 'apart' or n.list = 'adult' and s.stage = 'child')
              )
      end
),
drawn_from as (
    select 'principal ' || leaf as list, code from coherent where usual = has_usual
    union all
    select 'any principal ' || leaf, code from coherent
    union all
    select 'operation ' || leaf, code from in_all where predicate = 'principal_procedure_in'
    union all
    select distinct 'set ' || s.set_id, s.code
    from scheme.code_set as s
    inner join asked as a on a.code_set = s.set_id and a.predicate not like 'principal%' and not a.negated
    union all
    select distinct 'class ' || s.set_id, s.code from scheme.code_class as s
    union all
    select kind || ' ' || stage || ' ' || sex, code from staged
    union all
    select 'excluded ' || c.exclusion_table || ' ' || x.sex, c.code
    from complication as c
    inner join trait as t on t.code = c.code
    cross join (values ('1'), ('2')) as x(sex)
    where c.exclusion_table is not null and t.stage is null and fits(t.sex, x.sex)
    union all
    -- Others of the principal diagnosis's own chapter; a second tumour or injury is no such thing.
    select 'near ' || left(n.code, 1) || ' ' || x.sex, n.code
    from neutral as n
    inner join trait as t on t.code = n.code
    cross join (values ('1'), ('2')) as x(sex)
    where n.kind = 'diagnosis' and fits(t.sex, x.sex) and left(n.code, 1) not in ('C', 'D', 'S', 'T', 'Z')
)
select list, row_number() over (partition by list order by hash(list, code), code) - 1 as place, code from drawn_from;

create or replace temp table code_list as
select list, count(*) as size from listed_code group by list;
