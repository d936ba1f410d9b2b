/*---
describe: The group of our own scheme; of a version without one only its status and the reason.
when: {grouping: scheme}
---*/
select
    c.month,
    c.setl_id,
    c.dcla_time,
    c.scheme,
    case when c.leaf is not null then c.mdc end as mdc,
    case when c.leaf is not null then c.adrg end as adrg,
    case when c.status = 'grouped' then c.drg end as drg,
    c.status,
    case c.status
        when 'ungrouped' then 'no group of the scheme takes this case'
        when 'ambiguous' then 'the scheme gives the ambiguous group ' || c.drg
        else c.reason
    end as reason
from grouping.scheme_case as c
inner join policy.grouping as g on g.month = c.month and g.grouping_source = 'scheme'
