/*---
describe: >-
  The group of every claim version, whatever the checks say: of our scheme or of the platform, as the law of the
  month says. A version that the platform gave no result, or one of the codes that mean "no group", is not grouped.
grain: [month, setl_id, dcla_time]
partition: month
keeps:
  claims.setlinfo: [month, setl_id, dcla_time]
nullable: [scheme, mdc, adrg, drg, reason]
law: [JY-10]
checks:
  - id: group_only_when_grouped
    expect: (status = 'grouped') = (drg is not null)
    describe: A version has a group exactly when its status says so.
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
union all
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
