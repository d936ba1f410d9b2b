/*---
describe: The points of the case, its formula filled in and rounded once, at the end.
section: {order: 100, title: {en: Points, zh: 病例点数}}
law: [JY-18]
---*/
select
    c.setl_id,
    c.dcla_time,
    [
        {
            'label': 'points.phase',
            'value': c.phase,
            'law': case c.phase when 'month' then clause(['JY-32-1', 'SD-25', 'GD-21']) else clause(['JY-33-1', 'SD-26', 'GD-22-3']) end
        },
        case when c.priced_as in ('tcm_value', 'normal', 'high', 'low')
            then {
                'label': 'points.base_point',
                'value': cast(c.base_point as varchar),
                'law': clause(['JY-16', 'SD-18-1', 'GD-13'])
            }
        end,
        case when c.priced_as in ('tcm_value', 'normal', 'high')
            then {
                'label': 'points.coefficient',
                'value': cast(c.coefficient as varchar),
                'law': clause(['JY-17', 'SD-19', 'GD-16'])
            }
        end,
        case when c.priced_as = 'low'
            then {
                'label': 'points.by_fee',
                'filled': c.fee_points_filled,
                'value': cast(c.fee_points as varchar),
                'law': clause(['JY-18-1-2', 'GD-14'])
            }
        end,
        {
            'label': case c.priced_as
                when 'normal' then 'points.normal'
                when 'high' then 'points.high'
                when 'low' then 'points.low'
                when 'unstable' then 'points.unstable'
                when 'blank' then 'points.blank'
                when 'bed_day' then 'points.bed_day'
                when 'tcm_value' then 'points.tcm_value'
                when 'day_care' then 'points.day_care'
                else 'points.otherwise'
            end,
            'filled': case c.priced_as
                when 'normal' then cast(c.base_point as varchar) || ' × ' || cast(c.coefficient as varchar)
                when 'high'
                    then
                        cast(c.base_point as varchar) || ' × ' || cast(c.coefficient as varchar) || ' + (' || cast(c.fee as varchar)
                        || ' ÷ (' || c.level_mean || ') − ' || cast(c.multiple as varchar) || ') × ' || cast(c.base_point as varchar)
                        || ' × ' || cast(c.coefficient as varchar)
                when 'low' then 'min(' || cast(c.fee_points as varchar) || ', ' || cast(c.base_point as varchar) || ')'
                when 'unstable' then c.fee_points_filled
                when 'blank' then c.fee_points_filled
                when 'bed_day' then cast(c.day_points as varchar) || ' × ' || cast(c.stay_days as varchar)
                when 'tcm_value' then cast(c.base_point as varchar) || ' × ' || cast(c.coefficient as varchar)
            end,
            'value': cast(case c.priced_as
                when 'normal' then points_of_normal(tenthousandths(c.base_point), tenthousandths(c.coefficient))
                when 'high' then points_of_high(
                    tenthousandths(c.base_point),
                    tenthousandths(c.coefficient),
                    cents(c.fee) * factor_of_fee(c.mean_denominator),
                    limit_of_band(c.multiple, c.mean_numerator),
                    c.mean_numerator
                )
                when 'low' then points_of_low(c.fee_points, c.base_point)
                when 'unstable' then c.fee_points
                when 'blank' then c.fee_points
                when 'bed_day' then points_of_days(tenthousandths(c.day_points), c.stay_days)
                when 'tcm_value' then points_of_normal(tenthousandths(c.base_point), tenthousandths(c.coefficient))
                when 'day_care' then c.day_care_points
            end as varchar),
            'stored': cast(c.points as varchar),
            'law': c.citation
        }
    ] as lines
from account.claim_case as c
where c.phase is not null
