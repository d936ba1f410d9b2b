/*---
describe: >-
  Every question that the rules of a scheme ask of a case, once, with the leaves that each answer leaves open: a
  mask has one bit a leaf, 1 where the answer does not close the leaf.
grain: [scheme, predicate_no]
partition: none
nullable: [code_set, min_value, max_value, value]
law: [JY-10, SD-17, GD-12]
---*/
with rule as (
    select l.scheme, l.leaf, r.predicate, r.negated, r.code_set, r.min_value, r.max_value, r.value
    from grouping.leaf as l
    inner join scheme.mdc_rule as r on r.scheme = l.scheme and r.mdc = l.mdc and r.alternative = l.mdc_alternative
    union all
    select l.scheme, l.leaf, r.predicate, r.negated, r.code_set, r.min_value, r.max_value, r.value
    from grouping.leaf as l
    inner join scheme.adrg_rule as r on r.scheme = l.scheme and r.adrg = l.adrg and r.alternative = l.adrg_alternative
    union all
    select l.scheme, l.leaf, r.predicate, r.negated, r.code_set, r.min_value, r.max_value, r.value
    from grouping.leaf as l
    inner join scheme.drg_rule as r
        on r.scheme = l.scheme and r.adrg = l.adrg and r.drg = l.drg and r.alternative = l.drg_alternative
    where l.status = 'grouped'
),

size as (
    select scheme, max(leaf) as leaves from grouping.leaf group by scheme
),

asked as (
    select
        r.scheme,
        r.predicate,
        r.code_set,
        r.min_value,
        r.max_value,
        r.value,
        bit_or(case when r.negated then one_bit(s.leaves, r.leaf) else no_bits(s.leaves) end) as closed_when_true,
        bit_or(case when r.negated then no_bits(s.leaves) else one_bit(s.leaves, r.leaf) end) as closed_when_false
    from rule as r
    inner join size as s on s.scheme = r.scheme
    group by r.scheme, r.predicate, r.code_set, r.min_value, r.max_value, r.value
)

select
    scheme,
    cast(row_number() over (
        partition by scheme order by predicate, code_set, min_value, max_value, value
    ) as integer) as predicate_no,
    predicate,
    code_set,
    min_value,
    max_value,
    value,
    cast(~closed_when_true as varchar) as when_true,
    cast(~closed_when_false as varchar) as when_false
from asked
