/*---
describe: What the month decides about the version, condition by condition.
section: {order: 60, title: {en: Whether the month settles it, zh: 是否纳入月度预结算}}
law: [JY-31-3]
---*/
with fatal as (
    select month, setl_id, dcla_time, list(check_id) as checks
    from quality.claim_check
    where severity = 'fatal'
    group by month, setl_id, dcla_time
)

select
    o.setl_id,
    o.dcla_time,
    [
        {
            'label': case when s.is_fatal then 'standing.fatal' else 'standing.sound' end,
            'good': not s.is_fatal,
            'law': clause(['JY-31-3', 'SD-14', 'GD-7'])
        },
        {
            'label': case when s.is_late then 'standing.late' else 'standing.in_time' end,
            'good': not s.is_late,
            'law': clause(['JY-31-1', 'SD-13', 'GD-7'])
        },
        {
            'label': case when s.is_ungrouped then 'standing.ungrouped' else 'standing.grouped' end,
            'good': not s.is_ungrouped,
            'law': clause(['JY-10', 'SD-17', 'GD-12'])
        },
        -- Where every version is late, none stands.
        case when not s.is_first_late
            then {
                'label': case when s.in_month = 1 then 'standing.stands' else 'standing.stands_not' end,
                'good': s.in_month = 1,
                'law': clause(['JY-31-3', 'SD-14'])
            }
        end,
        {
            'label': case when s.in_month = 1 and s.status = 'normal' then 'standing.settled' else 'standing.not_settled' end,
            'value': case
                when s.status = 'normal' and s.in_month = 1 then o.month
                else coalesce(
                    reason_of_status(f.checks, s.is_late, s.is_ungrouped),
                    'superseded'
                )
            end,
            'stored': s.reason,
            'good': s.in_month = 1 and s.status = 'normal',
            'law': clause(['JY-31-3', 'SD-25', 'GD-21'])
        }
    ] as lines
from account.claim_chosen as o
inner join quality.claim_status as s on s.month = o.month and s.setl_id = o.setl_id and s.dcla_time = o.dcla_time
left join fatal as f on f.month = o.month and f.setl_id = o.setl_id and f.dcla_time = o.dcla_time
