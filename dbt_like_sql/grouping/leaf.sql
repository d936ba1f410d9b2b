/*---
describe: >-
  Every way to a group of every scheme: one alternative of an MDC's gate, of an ADRG's rule and of a DRG's rule, in
  the order in which a scheme is searched. A case belongs to its least leaf that holds. An ambiguous ADRG takes a
  case without asking for a DRG.
grain: [scheme, leaf]
partition: none
law: [JY-10, SD-17, GD-12]
---*/
with gate as (
    select distinct scheme, mdc, alternative from scheme.mdc_rule
),

adrg_way as (
    select distinct scheme, adrg, alternative from scheme.adrg_rule
),

drg_way as (
    select distinct d.scheme, d.adrg, d.drg, d.evaluation_order, r.alternative, 'grouped' as status
    from scheme.drg as d
    inner join scheme.drg_rule as r on r.scheme = d.scheme and r.adrg = d.adrg and r.drg = d.drg
    inner join scheme.adrg as a on a.scheme = d.scheme and a.adrg = d.adrg and a.kind <> 'ambiguous'
    union all
    select scheme, adrg, adrg as drg, 1 as evaluation_order, 1 as alternative, 'ambiguous' as status
    from scheme.adrg
    where kind = 'ambiguous'
)

select
    m.scheme,
    cast(row_number() over (
        partition by m.scheme
        order by
            m.evaluation_order, a.evaluation_order, d.evaluation_order, g.alternative, w.alternative, d.alternative
    ) as integer) as leaf,
    m.mdc,
    a.adrg,
    d.drg,
    d.status,
    cast(g.alternative as integer) as mdc_alternative,
    cast(w.alternative as integer) as adrg_alternative,
    cast(d.alternative as integer) as drg_alternative
from scheme.mdc as m
inner join gate as g on g.scheme = m.scheme and g.mdc = m.mdc
inner join scheme.adrg as a on a.scheme = m.scheme and a.mdc = m.mdc
inner join adrg_way as w on w.scheme = a.scheme and w.adrg = a.adrg
inner join drg_way as d on d.scheme = a.scheme and d.adrg = a.adrg
