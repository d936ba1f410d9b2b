/*---
describe: >-
  What the platform returned with each claim version and what that is: a group, a word for none, an ambiguous code, or
  no code of a group at all. Of two results for one version the last row stands; where one could not be read, neither is known.
grain: [month, setl_id, dcla_time]
partition: month
nullable: [scheme, drg_code, drg]
law: [JY-10, SD-17, GD-12]
---*/
with returned as (
    select
        p.month,
        p.setl_id,
        p.dcla_time,
        p.scheme,
        case when t.setl_id is null then p.drg_code end as drg_code,
        t.setl_id is not null as is_torn
    from claims.drginfo as p
    left join claims.torn_version as t
        on t.month = p.month and t.setl_id = p.setl_id and t.dcla_time = p.dcla_time and t.file = 'drginfo'
    qualify row_number() over (partition by p.month, p.setl_id, p.dcla_time order by p.line desc) = 1
),

judged as (
    select
        r.*,
        status_of_platform_code(
            r.drg_code, n.word is not null, g.platform_ambiguous_suffix, g.platform_code_pattern
        ) as status
    from returned as r
    left join policy.grouping as g on g.month = r.month
    left join policy.platform_none as n on n.month = r.month and n.word = r.drg_code
)

select
    month,
    setl_id,
    dcla_time,
    scheme,
    drg_code,
    case when status = 'grouped' then drg_code end as drg,
    status,
    is_torn
from judged
