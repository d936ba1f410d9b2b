/*---
describe: The checks of the claim's month, and those that it fails.
section: {order: 30, title: {en: Checks, zh: 数据校核}}
law: [JY-31-3]
---*/
with known as (
    select month, count(*) as checks
    from policy.quality_check
    group by month
),

found as (
    select
        f.month,
        f.setl_id,
        f.dcla_time,
        list(
            {
                'label': case f.severity when 'fatal' then 'findings.fatal' else 'findings.warn' end,
                'value': f.check_id,
                'name': k.title,
                'note': f.detail,
                'law': k.law,
                'good': case f.severity when 'fatal' then false end
            }
            order by f.severity, f.check_id
        ) as lines
    from quality.claim_check as f
    left join policy.quality_check as k on k.month = f.month and k.check_id = f.check_id
    group by f.month, f.setl_id, f.dcla_time
)

select
    o.setl_id,
    o.dcla_time,
    list_concat(
        [
            {
                'label': 'findings.checks',
                'value': cast(k.checks as varchar),
                'law': clause(['JY-31-3', 'SD-14', 'GD-7'])
            },
            case when f.setl_id is null
                then {
                    'label': 'findings.none',
                    'good': true,
                    'law': clause(['JY-31-3', 'SD-14', 'GD-7'])
                }
            end
        ],
        f.lines
    ) as lines
from account.claim_chosen as o
inner join quality.claim_status as s on s.month = o.month and s.setl_id = o.setl_id and s.dcla_time = o.dcla_time
left join found as f on f.month = o.month and f.setl_id = o.setl_id and f.dcla_time = o.dcla_time
left join known as k on k.month = o.month
