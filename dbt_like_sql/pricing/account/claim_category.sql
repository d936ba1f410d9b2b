/*---
describe: >-
  Which category the case is of. The limits are shown cut to whole fen: fees are whole fen, so that a comparison with
  the cut limit is the exact one.
section: {order: 90, title: {en: Category, zh: 病例类型}}
when: {points: cost_bands}
law: [JY-18, GD-14]
---*/
with limits as (
    select
        *,
        cents(fee) * factor_of_fee(mean_denominator) as compared_fee,
        limit_of_band(multiple, mean_numerator) as high_limit,
        limit_of_band(low_share, mean_numerator) as low_limit
    from account.claim_case
    where phase is not null
),

compared as (
    select
        *,
        yuan(high_limit // factor_of_fee(mean_denominator)) as high_above,
        yuan(low_limit // factor_of_fee(mean_denominator)) as low_up_to,
        case
            when stability is null then 'blank'
            when stability = 'unstable' then 'unstable'
            when is_above_high(compared_fee, high_limit) then 'high'
            when is_low_tested and is_within_low(compared_fee, low_limit) then 'low'
            when not is_above_high(compared_fee, high_limit) and not (is_low_tested and is_within_low(compared_fee, low_limit))
                then 'normal'
        end as compared_category
    from limits
)

select
    c.setl_id,
    c.dcla_time,
    [
        case when c.stability = 'stable' and not c.has_own_points
            then {
                'label': 'category.multiple',
                'filled': cast(m.base_point_above as varchar) || ' < ' || cast(c.base_point as varchar)
                    || coalesce(' ≤ ' || cast(m.base_point_up_to as varchar), ''),
                'value': cast(m.multiple as varchar),
                'stored': cast(c.multiple as varchar),
                'law': clause(['JY-18-1-1', 'GD-14'])
            }
        end,
        case when c.stability = 'stable' and not c.has_own_points
            then {
                'label': 'category.high_above',
                'filled': cast(c.multiple as varchar) || ' × ' || c.level_mean,
                'value': cast(c.high_above as varchar),
                'law': clause(['JY-18-1-1', 'GD-14'])
            }
        end,
        case when c.stability = 'stable' and c.is_low_tested and not c.has_own_points
            then {
                'label': 'category.low_up_to',
                'filled': cast(c.low_share as varchar) || ' × ' || c.level_mean,
                'value': cast(c.low_up_to as varchar),
                'law': clause(['JY-18-1-2', 'GD-14'])
            }
        end,
        case when not c.has_own_points
            then {
                'label': case
                    when c.compared_category = 'blank' then 'category.no_history'
                    when c.compared_category = 'unstable' then 'category.unstable_group'
                    else 'category.compared'
                end,
                'filled': case c.compared_category
                    when 'high' then cast(c.fee as varchar) || ' > ' || cast(c.high_above as varchar)
                    when 'low' then cast(c.fee as varchar) || ' ≤ ' || cast(c.low_up_to as varchar)
                    when 'normal'
                        then
                            case when c.is_low_tested then cast(c.low_up_to as varchar) || ' < ' else '' end
                            || cast(c.fee as varchar) || ' ≤ ' || cast(c.high_above as varchar)
                end,
                'value': c.compared_category,
                'name': t.title,
                'stored': case when c.arranged is null then c.category else c.priced_as end,
                'law': t.law
            }
        end
    ] as lines
from compared as c
left join policy.high_multiple as m
    on m.month = c.month
    and m.phase = c.phase
    and m.base_point_above < c.base_point
    and (m.base_point_up_to is null or c.base_point <= m.base_point_up_to)
left join policy.case_category as t on t.month = c.month and t.phase = c.phase and t.category = c.compared_category
