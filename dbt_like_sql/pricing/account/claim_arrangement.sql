/*---
describe: What the case is paid as that does not follow from its group alone - by the day, as day care, as Chinese medicine.
section: {order: 95, title: {en: Arrangement, zh: 特殊付费方式}, optional: true}
law: [JY-11, JY-13, JY-14]
---*/
select
    c.setl_id,
    c.dcla_time,
    [
        case when c.min_days is not null
            then {
                'label': 'arrangement.bed_day',
                'filled': cast(c.stay_days as varchar) || ' ≥ ' || cast(c.min_days as varchar),
                'value': cast(c.day_points as varchar),
                'law': clause(['JY-14'])
            }
        end,
        case when c.tcm_mode = 'efficacy'
            then {'label': 'arrangement.tcm_efficacy', 'value': c.western_drg, 'law': clause(['JY-11'])}
        end,
        case when c.tcm_mode = 'share'
            then {
                'label': 'arrangement.tcm_share',
                'filled': cast(c.treatment as varchar) || ' ÷ ' || cast(c.fee as varchar),
                'value': cast(c.share_uplift as varchar),
                'law': clause(['JY-11'])
            }
        end,
        case when c.day_care_kind is not null
            then {
                'label': case when c.day_care_points is not null then 'arrangement.day_care_points' else 'arrangement.day_care_group' end,
                'value': coalesce(cast(c.day_care_points as varchar), c.drg),
                'name': c.day_care_kind,
                'law': clause(['JY-13'])
            }
        end,
        {
            'label': 'arrangement.category',
            'value': coalesce(c.arranged, c.priced_as),
            'name': t.title,
            'stored': c.category,
            'law': t.law
        }
    ] as lines
from account.claim_case as c
left join policy.case_category as t
    on t.month = c.month and t.phase = c.phase and t.category = coalesce(c.arranged, c.priced_as)
where c.phase is not null and (c.arranged is not null or c.tcm_mode is not null)
