/*---
describe: What the platform returned of them, as grouping.platform_case has it.
---*/
select
    r.month,
    r.setl_id,
    r.dcla_time,
    r.drg_code,
    status_of_platform_code(
        r.drg_code, n.word is not null, g.platform_ambiguous_suffix, g.platform_code_pattern
    ) as status
from (
    select t.month, t.setl_id, t.dcla_time, l.drg_code, l.line
    from twin_row as t
    inner join landing.drginfo as l on l.setl_id = t.setl_id and l.dcla_time = t.dcla_time and l.delivery = t.delivery
    qualify row_number() over (partition by t.month, t.setl_id, t.dcla_time order by l.line desc) = 1
) as r
left join policy.grouping as g on g.month = r.month
left join policy.platform_none as n on n.month = r.month and n.word = r.drg_code
-- Where a result could not be read, none is known.
left join torn_row as z
    on z.month = r.month
    and z.setl_id = r.setl_id
    and z.dcla_time = r.dcla_time
    and list_contains(string_split(z.files, ', '), 'drginfo')
where z.setl_id is null
