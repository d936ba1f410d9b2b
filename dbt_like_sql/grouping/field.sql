/*---
describe: >-
  What the rules of a scheme ask of each field of a case besides its codes: the bounds that part its numbers into
  bands, or the texts that it is compared with. A field without a row is not asked for.
grain: [scheme, field]
partition: none
law: [JY-10, SD-17, GD-12]
---*/
select
    p.scheme,
    p.predicate as field,
    coalesce(list(distinct b.bound order by b.bound) filter (where b.bound is not null), cast([] as bigint[])) as bounds,
    coalesce(list(distinct b.entry order by b.entry) filter (where b.entry is not null), cast([] as varchar[])) as entries
from grouping.predicate as p
inner join (
    select scheme, predicate_no, min_value as bound, cast(null as varchar) as entry from grouping.predicate
    union all
    select scheme, predicate_no, max_value as bound, cast(null as varchar) as entry from grouping.predicate
    union all
    select scheme, predicate_no, cast(null as bigint) as bound, unnest(string_split(value, '|')) as entry
    from grouping.predicate
    where value is not null
) as b on b.scheme = p.scheme and b.predicate_no = p.predicate_no
where p.predicate in (
    'sex', 'discharge_disposition', 'department', 'age_years', 'age_days', 'newborn_weight_g', 'los_days', 'icu_hours'
)
group by p.scheme, p.predicate
