-- Procedures that any claim may add, by the draw from which on each is meant.
with found as (
    select n.code, coalesce(d.name, n.code) as name, max(p.weight) as weight
    from procedure_prefix as p
    inner join neutral as n on n.kind = 'procedure' and starts_with(n.code, p.prefix)
    inner join scheme.procedure as d on d.code = n.code
    group by all
)
select
    floor((sum(weight) over (order by code) - weight) / sum(weight) over () * 4294967296)::bigint as low, code, name
from found
order by low
