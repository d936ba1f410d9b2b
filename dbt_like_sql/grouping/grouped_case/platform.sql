/*---
describe: >-
  The group that the platform returned. A version that it gave no result, or one of the codes that mean "no group",
  is not grouped.
when: {grouping: platform}
---*/
select
    s.month,
    s.setl_id,
    s.dcla_time,
    p.scheme,
    cast(null as varchar) as mdc,
    cast(null as varchar) as adrg,
    case when p.drg_code is not null and o.status is null then p.drg_code end as drg,
    case
        when p.drg_code is null then 'ungrouped'
        when o.status is null then 'grouped'
        else o.status
    end as status,
    case
        when p.setl_id is null then 'the platform returned no result for this version'
        when p.drg_code is null then 'the platform returned an empty group'
        when o.status is not null then 'the platform returned ' || p.drg_code
    end as reason
from claims.setlinfo as s
inner join policy.grouping as g on g.month = s.month and g.grouping_source = 'platform'
left join grouping.platform_case as p on p.month = s.month and p.setl_id = s.setl_id and p.dcla_time = s.dcla_time
left join policy.platform_outcome as o on o.month = s.month and p.drg_code like o.pattern
