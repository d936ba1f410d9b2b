/*---
describe: >-
  The leaves that a first code of each class leaves open; class 0 are codes that no rule asks for as first, and
  cases without a code.
grain: [scheme, kind, class]
partition: none
law: [JY-10, SD-17, GD-12]
---*/
with asked as (
    select
        scheme,
        case when predicate = 'principal_diagnosis_in' then 'diagnosis' else 'procedure' end as kind,
        code_set,
        cast(when_true as bit) as when_true,
        cast(when_false as bit) as when_false
    from grouping.predicate
    where predicate in ('principal_diagnosis_in', 'principal_procedure_in')
),

-- One code stands for its class.
class as (
    select scheme, kind, class, min(code) as code from grouping.code where class > 0 group by scheme, kind, class
    union all
    select s.scheme, k.kind, 0 as class, cast(null as varchar) as code
    from scheme.scheme as s
    cross join (values ('diagnosis'), ('procedure')) as k(kind)
),

size as (
    select scheme, max(leaf) as leaves from grouping.leaf group by scheme
)

select
    c.scheme,
    c.kind,
    cast(c.class as integer) as class,
    cast(coalesce(
        bit_and(case when s.code is not null then a.when_true else a.when_false end),
        all_bits(max(z.leaves))
    ) as varchar) as open_leaves
from class as c
inner join size as z on z.scheme = c.scheme
left join asked as a on a.scheme = c.scheme and a.kind = c.kind
left join scheme.code_set as s on s.scheme = a.scheme and s.set_id = a.code_set and s.code = c.code
group by c.scheme, c.kind, c.class
