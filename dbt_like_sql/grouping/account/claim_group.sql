/*---
describe: The group that settles the claim, whose it is, and what the other grouping says.
section: {order: 50, title: {en: Group, zh: 病组}}
law: [JY-10]
---*/
select
    o.setl_id,
    o.dcla_time,
    [
        {
            'label': 'group.source',
            'value': p.grouping_source,
            'name': g.scheme,
            'law': clause(['JY-10', 'SD-17', 'GD-12'])
        },
        {
            'label': case g.status when 'grouped' then 'group.group' else 'group.none' end,
            'value': coalesce(g.drg, g.status),
            'name': n.name,
            'note': g.reason,
            'good': g.status = 'grouped',
            'law': clause(['JY-10', 'SD-17', 'GD-12'])
        },
        case
            when p.grouping_source = 'platform' and c.setl_id is not null
                then {
                    'label': 'group.ours',
                    'value': coalesce(c.drg, c.status),
                    'name': concat_ws(' ', c.scheme, m.name),
                    'law': clause(['JY-10', 'SD-17', 'GD-12'])
                }
            when p.grouping_source = 'scheme' and f.drg_code is not null
                then {
                    'label': 'group.platform',
                    'value': f.drg_code,
                    'name': f.scheme,
                    'law': clause(['JY-10', 'SD-17', 'GD-12'])
                }
        end
    ] as lines
from account.claim_chosen as o
inner join grouping.grouped_case as g on g.month = o.month and g.setl_id = o.setl_id and g.dcla_time = o.dcla_time
left join policy.grouping as p on p.month = o.month
left join scheme.drg as n on n.scheme = g.scheme and n.drg = g.drg
left join grouping.scheme_case as c on c.month = o.month and c.setl_id = o.setl_id and c.dcla_time = o.dcla_time
left join scheme.drg as m on m.scheme = c.scheme and m.drg = c.drg
left join grouping.platform_case as f on f.month = o.month and f.setl_id = o.setl_id and f.dcla_time = o.dcla_time
