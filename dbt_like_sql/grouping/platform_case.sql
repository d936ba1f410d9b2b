/*---
describe: >-
  What the platform returned with each claim version and what that is: a group, a word for none, an ambiguous code, or
  no code of a group at all. Of two results for one version the last row stands.
grain: [month, setl_id, dcla_time]
partition: month
nullable: [scheme, drg_code, drg]
law: [JY-10, SD-17, GD-12]
---*/
with returned as (
    select
        month,
        setl_id,
        dcla_time,
        scheme,
        drg_code
    from claims.drginfo
    qualify row_number() over (partition by month, setl_id, dcla_time order by line desc) = 1
),

judged as (
    select
        r.*,
        case
            when r.drg_code is null or n.word is not null then 'ungrouped'
            when coalesce(ends_with(r.drg_code, g.platform_ambiguous_suffix), false) then 'ambiguous'
            when regexp_full_match(r.drg_code, g.platform_code_pattern) then 'grouped'
            else 'invalid_input'
        end as status
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
    status
from judged
