-- The recipes with the names of their codes, numbered group by group, and a principal code that the scheme has not.
with numbered as (
    select row_number() over (order by drg, variant) as recipe, * from recipe
),
named as (
    select u.recipe, u.kind, list({'code': u.code, 'name': coalesce(t.name, p.name, u.code)} order by u.n) as codes
    from (
        select recipe, 'diagnosis' as kind, unnest(diagnoses) as code, generate_subscripts(diagnoses, 1) as n
        from numbered
        union all
        select recipe, 'procedure', unnest(procedures), generate_subscripts(procedures, 1)
        from numbered
    ) as u
    left join trait as t on t.code = u.code and u.kind = 'diagnosis'
    left join scheme.procedure as p on p.code = u.code and u.kind = 'procedure'
    group by u.recipe, u.kind
),
unknown as (
    select n.recipe, min(n.diagnoses[1] || e.ending) as code
    from numbered as n
    cross join (values ('x997'), ('x998'), ('x999')) as e(ending)
    where n.diagnoses[1] || e.ending not in (select code from trait)
    group by n.recipe
)
select n.* replace (d.codes as diagnoses, coalesce(p.codes, []) as procedures), u.code as unknown_code
from numbered as n
inner join named as d on d.recipe = n.recipe and d.kind = 'diagnosis'
left join named as p on p.recipe = n.recipe and p.kind = 'procedure'
left join unknown as u on u.recipe = n.recipe
order by n.recipe
