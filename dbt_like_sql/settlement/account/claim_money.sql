/*---
describe: >-
  The case in money: its points at the month's point value, less what patients and other payers bore; and what its
  hospital is settled in the pool, on the sum of its cases.
section: {order: 120, title: {en: Money of the month, zh: 月度预结算金额}}
law: [JY-31-2, JY-32-3, JY-32-4]
---*/
with deduction as (
    select
        d.setl_id,
        list(
            {
                'label': 'money.review',
                'value': cast(d.amount as varchar),
                'note': d.reason,
                'law': clause(['JY-31-2', 'SD-27', 'GD-21'])
            }
            order by d.reason
        ) as lines
    from reference.review_deduction as d
    group by d.setl_id
)

select
    c.setl_id,
    c.dcla_time,
    list_concat(
        [
            case when v.point_value is null
                then {
                    'label': 'money.no_point_value',
                    'good': false,
                    'law': clause(['JY-32-2', 'GD-15'])
                }
            end,
            {
                'label': 'money.standard',
                'filled': cast(c.points as varchar) || ' × ' || coalesce(cast(v.point_value as varchar), '0'),
                'value': cast(standard_of(c.points, v.point_value) as varchar),
                'stored': cast(m.standard as varchar),
                'law': clause(['JY-32-3', 'SD-21', 'GD-15'])
            },
            {
                'label': 'money.borne',
                'filled': cast(c.fee as varchar) || ' − ' || cast(c.fund as varchar),
                'value': cast(cast(c.fee - c.fund as decimal(18, 2)) as varchar),
                'stored': cast(cast(m.fee - m.fund as decimal(18, 2)) as varchar),
                'law': clause(['JY-32-3', 'SD-21'])
            },
            {
                'label': 'money.due',
                'filled': cast(standard_of(c.points, v.point_value) as varchar) || ' − '
                    || cast(cast(c.fee - c.fund as decimal(18, 2)) as varchar),
                'value': cast(fund_due_of(c.points, v.point_value, c.fee, c.fund) as varchar),
                'stored': cast(m.fund_due as varchar),
                'law': clause(['JY-32-3', 'SD-21', 'GD-21'])
            },
            {
                'label': 'money.difference',
                'filled': cast(standard_of(c.points, v.point_value) as varchar) || ' − ' || cast(c.fee as varchar),
                'value': cast(difference_of(c.points, v.point_value, c.fee) as varchar),
                'stored': cast(m.difference as varchar),
                'law': clause(['JY-32-3'])
            }
        ],
        d.lines,
        case when h.month is not null
            then [
                {
                    'label': 'money.hospital',
                    'filled': cast(h.points as varchar) || ' × ' || coalesce(cast(h.point_value as varchar), '0') || ' − ('
                        || cast(h.fee as varchar) || ' − ' || cast(h.fund as varchar) || ')',
                    'value': cast(settlement_of(h.points, h.point_value, h.fee, h.fund) as varchar),
                    'name': cast(h.cases as varchar),
                    'stored': cast(h.settlement as varchar),
                    'law': clause(['JY-32-3', 'SD-25', 'GD-21'])
                },
                {
                    'label': 'money.deposit',
                    'filled': case when h.settlement > 0
                        then cast(h.settlement as varchar) || ' × ' || cast(p.deposit_rate as varchar)
                    end,
                    'value': cast(deposit_of(h.settlement, p.deposit_rate) as varchar),
                    'stored': cast(h.deposit as varchar),
                    'law': clause(['JY-32-4', 'SD-37', 'GD-21']),
                    'under': true
                },
                {
                    'label': 'money.deduction',
                    'value': cast(h.deduction as varchar),
                    'law': clause(['JY-31-2', 'SD-27', 'GD-21']),
                    'under': true
                },
                {
                    'label': 'money.payable',
                    'filled': cast(h.settlement as varchar) || ' − ' || cast(h.deposit as varchar) || ' − ' || cast(h.deduction as varchar),
                    'value': cast(payable_of(h.settlement, h.deposit, h.deduction) as varchar),
                    'stored': cast(h.payable as varchar),
                    'law': clause(['JY-32-4', 'SD-25', 'GD-21']),
                    'under': true
                },
                case when h.pay_by is not null
                    then {
                        'label': 'money.pay_by',
                        'value': cast(h.pay_by as varchar),
                        'law': clause(['JY-32-4']),
                        'under': true
                    }
                end
            ]
        end
    ) as lines
from account.claim_case as c
inner join settlement.monthly_case as m on m.month = c.month and m.setl_id = c.setl_id
left join settlement.month_value as v on v.month = c.month and v.pool = c.pool
left join deduction as d on d.setl_id = c.setl_id
left join settlement.monthly_settlement as h
    on h.month = c.month and h.fixmedins_code = c.fixmedins_code and h.pool = c.pool
left join policy.settlement as p on p.month = c.month
where c.phase = 'month'
