/*---
describe: >-
  The claim in the clearing of its year: the version that counts, its points at the year's point value, and what
  became of it since its month; or why it is not paid.
section: {order: 130, title: {en: Clearing of the year, zh: 年度清算}}
law: [JY-31-3, JY-33]
---*/
select
    o.setl_id,
    o.dcla_time,
    flatten(list(
        [
            {
                'label': case when y.dcla_time = o.dcla_time then 'year.version' else 'year.other_version' end,
                'value': cast(y.year as varchar),
                'name': strftime(y.dcla_time, '%Y-%m-%d %H:%M:%S'),
                'law': clause(['JY-33', 'SD-26', 'GD-22'])
            },
            case when u.setl_id is not null
                then {
                    'label': 'year.unsettled',
                    'value': u.reason,
                    'good': false,
                    'law': clause(['JY-31-3', 'SD-26', 'GD-22'])
                }
            end,
            case when a.setl_id is not null
                then {
                    'label': 'year.source',
                    'value': source_of_case(y.is_settled, y.is_first_late),
                    'stored': a.source,
                    'law': clause(['JY-31-3', 'SD-26', 'GD-22'])
                }
            end,
            case when a.setl_id is not null
                then {
                    'label': 'year.points',
                    'value': cast(p.points as varchar),
                    'name': a.category,
                    'stored': cast(a.points as varchar),
                    'law': a.citation
                }
            end,
            case when a.setl_id is not null
                then {
                    'label': 'year.point_value',
                    'filled': '(' || cast(w.fee as varchar) || ' − ' || cast(w.fund as varchar) || ' + '
                        || cast(w.budget as varchar) || ') ÷ ' || cast(w.points as varchar),
                    'value': cast(point_value_of(w.fee, w.fund, w.budget, w.points) as varchar),
                    'stored': cast(w.point_value as varchar),
                    'law': clause(['JY-33-2', 'GD-22-3'])
                }
            end,
            case when a.setl_id is not null
                then {
                    'label': 'year.part',
                    'filled': cast(p.points as varchar) || ' × ' || coalesce(cast(w.point_value as varchar), '0') || ' − ('
                        || cast(a.fee as varchar) || ' − ' || cast(a.fund as varchar) || ')',
                    'value': cast(fund_due_of(p.points, w.point_value, a.fee, a.fund) as varchar),
                    'law': clause(['JY-33-3', 'SD-26', 'GD-22-3'])
                }
            end,
            case when a.setl_id is not null and m.setl_id is not null
                then {
                    'label': 'year.since_month',
                    'filled': cast(fund_due_of(p.points, w.point_value, a.fee, a.fund) as varchar)
                        || ' − ' || cast(m.fund_due as varchar),
                    'value': cast(cast(
                        fund_due_of(p.points, w.point_value, a.fee, a.fund) - m.fund_due as decimal(18, 2)
                    ) as varchar),
                    'name': m.month,
                    'law': clause(['JY-33-3', 'SD-26', 'GD-22-3'])
                }
            end,
            case when h.year is not null
                then {
                    'label': 'year.hospital',
                    'filled': cast(h.points as varchar) || ' × ' || coalesce(cast(w.point_value as varchar), '0') || ' − ('
                        || cast(h.fee as varchar) || ' − ' || cast(h.fund as varchar) || ')',
                    'value': cast(settlement_of(h.points, w.point_value, h.fee, h.fund) as varchar),
                    'name': cast(h.cases as varchar),
                    'stored': cast(h.entitlement as varchar),
                    'law': clause(['JY-33-3', 'SD-26', 'GD-22-3'])
                }
            end
        ]
        order by y.year
    )) as lines
from account.claim_chosen as o
inner join clearing.claim_version as y on y.setl_id = o.setl_id
left join clearing.annual_case as a on a.year = y.year and a.setl_id = y.setl_id
left join clearing.unsettled_case as u on u.year = y.year and u.setl_id = y.setl_id and u.dcla_time = y.dcla_time
left join pricing.version_point as p
    on p.month = y.settlement_month and p.phase = 'clearing' and p.setl_id = y.setl_id and p.dcla_time = y.dcla_time
left join clearing.pool_value as w on w.year = a.year and w.pool = a.pool
left join clearing.hospital_year as h on h.year = a.year and h.fixmedins_code = a.fixmedins_code and h.pool = a.pool
left join settlement.monthly_case as m on m.setl_id = y.setl_id and left(m.month, 4) = cast(y.year as varchar)
group by o.setl_id, o.dcla_time
