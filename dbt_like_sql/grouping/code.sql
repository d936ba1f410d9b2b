/*---
describe: >-
  What a scheme knows of each code: its class as first code, the facts it shows in the first place and from the
  second on, the label of the exclusion table as MCC or CC (0: none), and as principal diagnosis the label it
  excludes. Codes of one class are first codes of the same rules.
grain: [scheme, kind, code]
partition: none
nullable: [first_facts, further_facts, mcc, cc, excluded]
law: [JY-10, SD-17, GD-12]
---*/
with first_of as (
    select
        p.scheme,
        case when p.predicate = 'principal_diagnosis_in' then 'diagnosis' else 'procedure' end as kind,
        s.code,
        list(p.predicate_no order by p.predicate_no) as predicates
    from grouping.predicate as p
    inner join scheme.code_set as s on s.scheme = p.scheme and s.set_id = p.code_set
    where p.predicate in ('principal_diagnosis_in', 'principal_procedure_in')
    group by p.scheme, p.predicate, s.code
),

classed as (
    select scheme, kind, code, cast(dense_rank() over (partition by scheme, kind order by predicates) as integer) as class
    from first_of
),

shown as (
    select
        f.scheme,
        case when f.list in ('any_diagnosis', 'other_diagnosis') then 'diagnosis' else 'procedure' end as kind,
        s.code,
        bit_or(one_bit(f.places, f.place)) as further_facts,
        bit_or(one_bit(f.places, f.place)) filter (where f.list in ('any_diagnosis', 'any_procedure')) as first_facts
    from grouping.fact as f
    inner join (
        select scheme, set_id, code, cast(null as varchar) as class from scheme.code_set
        union all
        select scheme, set_id, code, class from scheme.code_class
    ) as s on s.scheme = f.scheme and s.set_id = f.code_set and s.class is not distinct from f.class
    group by all
),

-- A label that stands nowhere else, and none at all, excludes nothing.
label as (
    select scheme, exclusion_table, cast(dense_rank() over (partition by scheme order by exclusion_table) as integer) as label
    from (
        select scheme, exclusion_table from scheme.mcc
        union
        select scheme, exclusion_table from scheme.cc
        union
        select scheme, exclusion_table from scheme.cc_exclusion
    )
    where exclusion_table is not null
),

mcc as (
    select c.scheme, 'diagnosis' as kind, c.code, coalesce(l.label, 0) as label
    from scheme.mcc as c
    left join label as l on l.scheme = c.scheme and l.exclusion_table = c.exclusion_table
),

cc as (
    select c.scheme, 'diagnosis' as kind, c.code, coalesce(l.label, 0) as label
    from scheme.cc as c
    left join label as l on l.scheme = c.scheme and l.exclusion_table = c.exclusion_table
),

excluding as (
    select c.scheme, 'diagnosis' as kind, c.principal_diagnosis as code, l.label
    from scheme.cc_exclusion as c
    inner join label as l on l.scheme = c.scheme and l.exclusion_table = c.exclusion_table
),

known as (
    select scheme, kind, code from classed
    union
    select scheme, kind, code from shown
    union
    select scheme, kind, code from mcc
    union
    select scheme, kind, code from cc
    union
    select scheme, kind, code from excluding
)

select
    k.scheme,
    k.kind,
    k.code,
    coalesce(c.class, 0) as class,
    cast(f.first_facts as varchar) as first_facts,
    cast(f.further_facts as varchar) as further_facts,
    m.label as mcc,
    n.label as cc,
    x.label as excluded
from known as k
left join classed as c on c.scheme = k.scheme and c.kind = k.kind and c.code = k.code
left join shown as f on f.scheme = k.scheme and f.kind = k.kind and f.code = k.code
left join mcc as m on m.scheme = k.scheme and m.kind = k.kind and m.code = k.code
left join cc as n on n.scheme = k.scheme and n.kind = k.kind and n.code = k.code
left join excluding as x on x.scheme = k.scheme and x.kind = k.kind and x.code = k.code
