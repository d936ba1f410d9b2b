/*---
describe: A procedure that the scheme of the month does not have; of a record that it knows wholly there is no row.
---*/
select e.month, e.setl_id, e.dcla_time, min(e.code) as code
from (
    select
        r.month, r.setl_id, r.dcla_time, g.scheme,
        unnest(list_prepend(r.principal_procedure, r.other_procedures)) as code
    from grouping.record as r
    inner join policy.grouping as g on g.month = r.month and g.grouping_source = 'scheme'
) as e
left join scheme.procedure as k on k.scheme = e.scheme and k.code = e.code
where k.code is null and e.code is not null
group by e.month, e.setl_id, e.dcla_time
