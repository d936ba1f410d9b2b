-- Codes that any claim may add, by the draw from which on each is meant.
with found as (
    select distinct n.code, t.name, p.age_from, p.age_to, p.weight / count(*) over (partition by p.prefix) as weight
    from comorbidity_prefix as p
    inner join neutral as n on n.kind = 'diagnosis' and starts_with(n.code, p.prefix)
    inner join trait as t on t.code = n.code and t.sex is null and n.code not like '%*%'
)
select
    floor((sum(weight) over (order by code, age_from) - weight) / sum(weight) over () * 4294967296)::bigint as low,
    code, name, age_from, age_to
from found
order by low
