/*---
describe: >-
  What the lists of a case have to show besides their first codes: a fact is "a code of this set (or of this class
  of it) is among all codes, or among those from the second on". Each fact has a place in the bits of a case.
grain: [scheme, list, code_set, class]
partition: none
nullable: [class]
law: [JY-10, SD-17, GD-12]
---*/
with asked as (
    select distinct
        scheme,
        case
            when predicate in ('any_diagnosis_in', 'any_diagnosis_class_count') then 'any_diagnosis'
            when predicate = 'other_diagnosis_in' then 'other_diagnosis'
            when predicate = 'any_procedure_in' then 'any_procedure'
            when predicate = 'other_procedure_in' then 'other_procedure'
        end as list,
        predicate = 'any_diagnosis_class_count' as by_class,
        code_set
    from grouping.predicate
    where predicate in (
        'any_diagnosis_in', 'other_diagnosis_in', 'any_procedure_in', 'other_procedure_in', 'any_diagnosis_class_count'
    )
),

fact as (
    select scheme, list, code_set, cast(null as varchar) as class from asked where not by_class
    union all
    select distinct a.scheme, a.list, a.code_set, c.class
    from asked as a
    inner join scheme.code_class as c on c.scheme = a.scheme and c.set_id = a.code_set
    where a.by_class
)

select
    scheme,
    list,
    code_set,
    class,
    cast(row_number() over (partition by scheme order by list, code_set, class) as integer) as place,
    cast(count(*) over (partition by scheme) as integer) as places
from fact
