/*---
describe: Which category the case is of, where no cost is unusual - that of its group alone.
section: {order: 90, title: {en: Category, zh: 病例类型}}
when: {points: plain}
law: [SD-21]
---*/
with told as (
    select
        *,
        case
            when stability is null then 'blank'
            when stability = 'unstable' then 'unstable'
            when stability = 'stable' then 'normal'
        end as told_category
    from account.claim_case
    where phase is not null
)

select
    c.setl_id,
    c.dcla_time,
    [
        case when not c.has_own_points
            then {
                'label': case c.told_category
                    when 'blank' then 'category.no_history'
                    when 'unstable' then 'category.unstable_group'
                    when 'normal' then 'category.stable_group'
                end,
                'value': c.told_category,
                'name': t.title,
                'stored': case when c.arranged is null then c.category else c.priced_as end,
                'law': t.law
            }
        end
    ] as lines
from told as c
left join policy.case_category as t on t.month = c.month and t.phase = c.phase and t.category = c.told_category
