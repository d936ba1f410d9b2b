/*---
describe: >-
  The group that the platform returned. A version that it gave no result, or one that is no group, is not grouped.
when: {grouping: platform}
---*/
select
    s.month,
    s.setl_id,
    s.dcla_time,
    p.scheme,
    cast(null as varchar) as mdc,
    cast(null as varchar) as adrg,
    p.drg,
    coalesce(p.status, 'ungrouped') as status,
    case
        when p.setl_id is null then 'the platform returned no result for this version'
        when p.is_torn then 'a result of the platform for this version could not be read'
        when p.drg_code is null then 'the platform returned an empty group'
        when p.status = 'invalid_input' then 'the platform returned ' || p.drg_code || ', which is no code of a group'
        when p.status <> 'grouped' then 'the platform returned ' || p.drg_code
    end as reason
from claims.setlinfo as s
inner join policy.grouping as g on g.month = s.month and g.grouping_source = 'platform'
left join grouping.platform_case as p on p.month = s.month and p.setl_id = s.setl_id and p.dcla_time = s.dcla_time
