/*---
describe: Every claim version of a month that names a scheme comes out of the grouping by it, grouped or with the reason why not.
guards: grouping.scheme_case
law: [JY-10, SD-17, GD-12]
---*/
select r.month, r.setl_id, r.dcla_time
from grouping.record as r
inner join policy.grouping as p on p.month = r.month
where
    p.scheme is not null
    and not exists (
        select 1
        from grouping.scheme_case as c
        where c.month = r.month and c.setl_id = r.setl_id and c.dcla_time = r.dcla_time
    )
