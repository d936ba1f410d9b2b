/*---
describe: The month's point value of the claim's pool, from its budget and points.
section: {order: 110, title: {en: Point value of the month, zh: 资金池每点费用}}
reads:
  settlement.month_value: {months: [-1, 0]}
law: [JY-7, JY-32-2]
---*/
select
    c.setl_id,
    c.dcla_time,
    [
        {'label': 'pool.pool', 'value': c.pool, 'name': t.title, 'law': clause(['JY-7', 'SD-6', 'GD-9'])},
        {
            'label': 'pool.allocation',
            'value': cast(b.allocation as varchar),
            'name': b.spread_by,
            'stored': cast(v.allocation as varchar),
            'law': clause(['JY-32-2'])
        },
        {
            'label': 'pool.carry_in',
            'value': cast(v.carry_in as varchar),
            -- The year begins without a carry-over.
            'stored': case
                when right(c.month, 2) = lpad('1', 2, '0') then cast(cast(0 as decimal(18, 2)) as varchar)
                else cast(l.carry_out as varchar)
            end,
            'law': clause(['JY-32-2'])
        },
        {'label': 'pool.carry_out', 'value': cast(v.carry_out as varchar), 'law': clause(['JY-32-2'])},
        {
            'label': 'pool.budget_used',
            'filled': cast(b.allocation as varchar) || ' + ' || cast(v.carry_in as varchar) || ' − ' || cast(v.carry_out as varchar),
            'value': cast(budget_used_of(b.allocation, v.carry_in, v.carry_out) as varchar),
            'stored': cast(v.budget_used as varchar),
            'law': clause(['JY-32-2'])
        },
        {
            'label': 'pool.fee',
            'value': cast(s.fee as varchar),
            'name': cast(s.cases as varchar),
            'stored': cast(v.fee as varchar),
            'law': clause(['JY-32-2', 'SD-25', 'GD-21'])
        },
        {
            'label': 'pool.fund',
            'value': cast(s.fund as varchar),
            'stored': cast(v.fund as varchar),
            'law': clause(['JY-32-2', 'SD-25', 'GD-21'])
        },
        {
            'label': 'pool.points',
            'value': cast(s.points as varchar),
            'stored': cast(v.points as varchar),
            'law': clause(['JY-32-1', 'SD-25', 'GD-21'])
        },
        case
            when v.point_value is null
                then {
                    'label': 'pool.no_value',
                    'good': false,
                    'law': clause(['JY-32-2', 'GD-15'])
                }
            else {
                'label': 'pool.point_value',
                'filled': '(' || cast(s.fee as varchar) || ' − ' || cast(s.fund as varchar) || ' + '
                    || cast(v.budget_used as varchar) || ') ÷ ' || cast(s.points as varchar),
                'value': cast(point_value_of(s.fee, s.fund, v.budget_used, s.points) as varchar),
                'stored': cast(v.point_value as varchar),
                'law': clause(['JY-32-2', 'GD-15'])
            }
        end
    ] as lines
from account.claim_case as c
inner join settlement.month_value as v on v.month = c.month and v.pool = c.pool
left join settlement.month_value as l
    on l.month = strftime(cast(c.month || '-01' as date) - interval 1 month, '%Y-%m') and l.pool = c.pool
left join settlement.month_budget as b
    on b.year = cast(left(c.month, 4) as integer) and b.pool = c.pool and b.settlement_month = c.month
left join settlement.pool_month as s on s.month = c.month and s.pool = c.pool
left join policy.pool as t on t.month = c.month and t.pool = c.pool
where c.phase = 'month'
