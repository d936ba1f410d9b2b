/*---
describe: >-
  What the claim is paid. The last line is the month's payment of a claim that its month settles, and equals what is
  stored; else it says who pays, or why nobody does.
section: {order: 150, title: {en: Result, zh: 结论}}
law: [JY-31-3, JY-32-3, JY-33-3]
---*/
with part as (
    select
        a.setl_id,
        a.year,
        a.dcla_time,
        fund_due_of(a.points, w.point_value, a.fee, a.fund) as amount
    from clearing.annual_case as a
    left join clearing.pool_value as w on w.year = a.year and w.pool = a.pool
)

select
    o.setl_id,
    o.dcla_time,
    [
        case when a.setl_id is not null and c.phase = 'month'
            then {
                'label': case when a.dcla_time = o.dcla_time then 'result.cleared' else 'result.cleared_otherwise' end,
                'value': cast(a.amount as varchar),
                'name': cast(a.year as varchar),
                'law': clause(['JY-33-3', 'SD-26', 'GD-22-3'])
            }
        end,
        case when u.setl_id is not null and c.phase = 'month'
            then {
                'label': 'result.unpaid_later',
                'value': u.reason,
                'name': cast(u.year as varchar),
                'good': false,
                'law': clause(['JY-31-3', 'SD-26', 'GD-22'])
            }
        end,
        case
            when c.phase = 'month' and m.setl_id is not null
                then {
                    'label': 'result.paid',
                    'filled': cast(c.points as varchar) || ' × ' || coalesce(cast(v.point_value as varchar), '0') || ' − ('
                        || cast(c.fee as varchar) || ' − ' || cast(c.fund as varchar) || ')',
                    'value': cast(fund_due_of(c.points, v.point_value, c.fee, c.fund) as varchar),
                    'name': o.month,
                    'stored': cast(m.fund_due as varchar),
                    'good': true,
                    'law': clause(['JY-32-3', 'SD-25', 'GD-21'])
                }
            when c.status is null
                then {
                    'label': 'result.not_judged',
                    'value': o.month,
                    'law': clause(['JY-32', 'SD-25', 'GD-21'])
                }
            when c.status = 'normal' and c.in_month = 1
                then {
                    'label': 'result.pending',
                    'value': o.month,
                    'law': clause(['JY-32-3', 'SD-25', 'GD-21'])
                }
            when a.dcla_time = o.dcla_time
                then {
                    'label': 'result.by_clearing',
                    'value': cast(a.amount as varchar),
                    'name': cast(a.year as varchar),
                    'good': true,
                    'law': clause(['JY-33-3', 'SD-26', 'GD-22-3'])
                }
            when u.dcla_time = o.dcla_time
                then {
                    'label': 'result.unpaid',
                    'value': u.reason,
                    'good': false,
                    'law': clause(['JY-31-3', 'SD-26', 'GD-22'])
                }
            when y.refunds_setl_id is not null and y.reason is null
                then {
                    'label': 'result.refunds',
                    'value': y.refunds_setl_id,
                    'name': cast(y.year as varchar),
                    'good': true,
                    'law': clause(['JY-31-3', 'SD-26', 'GD-22'])
                }
            when not i.is_foreign and (c.status = 'normal' or a.setl_id is not null or u.setl_id is not null)
                then {'label': 'result.superseded', 'good': false, 'law': clause(['JY-31-3', 'SD-14'])}
            else {
                'label': 'result.waits',
                'value': c.reason,
                'good': false,
                'law': clause(['JY-31-3', 'SD-26', 'GD-22'])
            }
        end
    ] as lines
from account.claim_chosen as o
left join account.claim_case as c on c.setl_id = o.setl_id
left join settlement.monthly_case as m on m.month = o.month and m.setl_id = o.setl_id
left join settlement.month_value as v on v.month = c.month and v.pool = c.pool
left join part as a on a.setl_id = o.setl_id and a.year = cast(left(o.month, 4) as integer)
left join claims.version_index as i on i.setl_id = o.setl_id and i.dcla_time = o.dcla_time
left join clearing.claim_version as y on y.setl_id = o.setl_id and y.dcla_time = o.dcla_time
-- A version that is not the claim's has its own row; the claim's tells nothing of it.
left join clearing.unsettled_case as u
    on u.setl_id = o.setl_id
    and u.year = cast(left(o.month, 4) as integer)
    and case when i.is_foreign then u.dcla_time = o.dcla_time else u.reason <> 'identity_conflict' end
