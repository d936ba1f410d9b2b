/*---
describe: The points of the case, its formula filled in and rounded once, at the end.
section: {order: 100, title: {en: Points, zh: 病例点数}}
law: [JY-18]
---*/
select
    c.setl_id,
    c.dcla_time,
    [
        {'label': 'points.phase', 'value': c.phase, 'law': case c.phase when 'month' then 'JY-32-1' else 'JY-33-1' end},
        case when c.category in ('normal', 'high', 'low')
            then {'label': 'points.base_point', 'value': cast(c.base_point as varchar), 'law': 'JY-16'}
        end,
        case when c.category in ('normal', 'high')
            then {'label': 'points.coefficient', 'value': cast(c.coefficient as varchar), 'law': 'JY-17'}
        end,
        case when c.category = 'low'
            then {
                'label': 'points.by_fee',
                'filled': c.fee_points_filled,
                'value': cast(c.fee_points as varchar),
                'law': 'JY-18-1-2'
            }
        end,
        {
            'label': case c.category
                when 'normal' then 'points.normal'
                when 'high' then 'points.high'
                when 'low' then 'points.low'
                when 'unstable' then 'points.unstable'
                when 'blank' then 'points.blank'
                else 'points.otherwise'
            end,
            'filled': case c.category
                when 'normal' then cast(c.base_point as varchar) || ' × ' || cast(c.coefficient as varchar)
                when 'high'
                    then
                        cast(c.base_point as varchar) || ' × ' || cast(c.coefficient as varchar) || ' + (' || cast(c.fee as varchar)
                        || ' ÷ (' || c.level_mean || ') − ' || cast(c.multiple as varchar) || ') × ' || cast(c.base_point as varchar)
                        || ' × ' || cast(c.coefficient as varchar)
                when 'low' then 'min(' || cast(c.fee_points as varchar) || ', ' || cast(c.base_point as varchar) || ')'
                when 'unstable' then c.fee_points_filled
                when 'blank' then c.fee_points_filled
            end,
            'value': cast(case c.category
                when 'normal' then quotient_4(
                    tenthousandths(c.base_point) * tenthousandths(c.coefficient), cast(100000000 as hugeint)
                )
                when 'high' then from_tenthousandths(half_up(
                    tenthousandths(c.base_point) * tenthousandths(c.coefficient)
                        * (cents(c.fee) * c.mean_denominator * 10000 + (10000 - tenthousandths(c.multiple)) * c.mean_numerator),
                    c.mean_numerator * cast(100000000 as hugeint)
                ))
                when 'low' then least(c.fee_points, c.base_point)
                when 'unstable' then c.fee_points
                when 'blank' then c.fee_points
            end as varchar),
            'stored': cast(c.points as varchar),
            'law': c.citation
        }
    ] as lines
from account.claim_case as c
where c.phase is not null
