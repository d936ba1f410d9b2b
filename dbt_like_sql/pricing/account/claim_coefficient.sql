/*---
describe: >-
  The coefficient of a claim of a stable group: the level mean and the level's coefficient with its basis and bounds,
  what the hospital adds, and the institution's own.
section: {order: 80, title: {en: Level coefficient, zh: 级别系数}, optional: true}
reads:
  calibration.level_coefficient: {year_from: policy.calibration_binding.calibration_year}
  calibration.group_class: {year_from: policy.calibration_binding.calibration_year}
law: [JY-12, JY-17]
---*/
with own as (
    -- What the level's cases say before the bounds; exists only where it has any.
    select
        v.year,
        v.drg,
        v.level,
        quotient_of_level(v.mean_numerator, v.mean_denominator, g.fee_cents, g.n) as quotient
    from calibration.level_coefficient as v
    inner join calibration.group_class as g on g.year = v.year and g.drg = v.drg
    where v.basis = 'own'
),

neighbour as (
    select
        v.year,
        v.drg,
        w.level,
        arg_min(w.neighbour, w.preference) as neighbour,
        arg_min(v.coefficient, w.preference) as coefficient
    from policy.nearest_level as w
    inner join calibration.level_coefficient as v on v.year = w.year and v.level = w.neighbour and v.basis = 'own'
    group by v.year, v.drg, w.level
),

taken as (
    select
        c.setl_id,
        cast(coefficient_of_basis(
            c.basis,
            own_coefficient_of(o.quotient, p.coefficient_floor, p.coefficient_ceiling),
            p.basic_group_coefficient,
            v.default_coefficient,
            n.coefficient,
            p.nearest_ceiling
        ) as decimal(18, 4)) as coefficient,
        o.quotient,
        case c.basis when 'nearest' then n.neighbour end as neighbour,
        case c.basis
            when 'own' then 'min(max(' || cast(o.quotient as varchar) || ', ' || cast(p.coefficient_floor as varchar) || '), '
                || cast(p.coefficient_ceiling as varchar) || ')'
            when 'nearest' then 'min(' || cast(n.coefficient as varchar) || ', ' || cast(p.nearest_ceiling as varchar) || ')'
        end as filled,
        case
            when c.basis = 'own' and o.quotient < p.coefficient_floor then 'coefficient.own_raised'
            when c.basis = 'own' and o.quotient > p.coefficient_ceiling then 'coefficient.own_capped'
            when c.basis = 'own' then 'coefficient.own'
            when c.basis = 'basic_group' then 'coefficient.basic_group'
            when c.basis = 'primary_default' then 'coefficient.default'
            when c.basis = 'nearest' and n.coefficient > p.nearest_ceiling then 'coefficient.nearest_capped'
            when c.basis = 'nearest' then 'coefficient.nearest'
        end as label,
        case c.basis
            when 'own'
                then case when o.quotient between p.coefficient_floor and p.coefficient_ceiling then clause(['JY-17-1-1', 'GD-16']) else clause(['JY-17-1-2']) end
            when 'basic_group' then clause(['JY-17-1-4'])
            else clause(['JY-17-1-3'])
        end as law
    from account.claim_case as c
    left join own as o on o.year = c.calibration_year and o.drg = c.priced_drg and o.level = c.level
    left join neighbour as n on n.year = c.calibration_year and n.drg = c.priced_drg and n.level = c.level
    left join policy.calibration as p on p.year = c.calibration_year
    left join policy.care_level as v on v.year = c.calibration_year and v.level = c.level
),

uplift as (
    select
        c.setl_id,
        sum(k.uplift) as uplift,
        string_agg(' + ' || cast(k.uplift as varchar), '' order by k.grade) as filled,
        list(
            {
                'label': 'coefficient.uplift',
                'value': cast(k.uplift as varchar),
                'name': k.grade,
                'law': clause(['JY-17-2'])
            }
            order by k.grade
        ) as lines
    from account.claim_case as c
    inner join reference.key_specialty as k
        on k.fixmedins_code = c.fixmedins_code
        and k.drg = c.priced_drg
        and k.valid_from <= make_date(cast(left(c.month, 4) as integer), 1, 1)
        and (k.valid_to is null or k.valid_to >= make_date(cast(left(c.month, 4) as integer), 1, 1))
    group by c.setl_id
)

select
    c.setl_id,
    c.dcla_time,
    list_concat(
        [
            {
                'label': 'coefficient.level',
                'value': c.level,
                'name': v.title,
                'law': clause(['JY-17-1', 'SD-19', 'GD-16'])
            },
            {
                'label': 'coefficient.cases',
                'value': cast(c.level_cases as varchar),
                'law': clause(['JY-17-1-1', 'GD-16'])
            },
            {
                'label': 'coefficient.level_mean',
                'filled': c.level_mean,
                'value': cast(yuan_quotient(c.mean_numerator, c.mean_denominator) as varchar),
                'stored': cast(c.stored_level_mean as varchar),
                'law': clause(['JY-17-1-1', 'GD-16'])
            },
            case when c.basis = 'own'
                then {
                    'label': 'coefficient.quotient',
                    'filled': '(' || c.level_mean || ') ÷ (' || cast(c.group_fees as varchar) || ' ÷ '
                        || cast(c.group_cases as varchar) || ')',
                    'value': cast(t.quotient as varchar),
                    'law': clause(['JY-17-1-1', 'GD-16'])
                }
            end,
            case when c.basis is not null
                then {
                    'label': t.label,
                    'value': cast(t.coefficient as varchar),
                    'name': t.neighbour,
                    'filled': t.filled,
                    'stored': cast(c.calibrated_coefficient as varchar),
                    'law': t.law
                }
            end,
            case when c.level_coefficient is distinct from c.calibrated_coefficient
                then {
                    'label': 'coefficient.override',
                    'value': cast(c.level_coefficient as varchar),
                    'note': c.override_document,
                    'law': clause(['JY-17-1-4'])
                }
            end
        ],
        case when not c.is_basic then u.lines end,
        [
            case when i.coefficient is not null and not c.is_basic
                then {
                    'label': 'coefficient.institution',
                    'value': cast(i.coefficient as varchar),
                    'law': clause(['JY-17-2-4', 'SD-19', 'GD-16'])
                }
            end,
            {
                'label': 'coefficient.used',
                'filled': case when u.setl_id is not null or i.fixmedins_code is not null or c.share_uplift > 0
                    then
                        case
                            when u.setl_id is null or c.is_basic then cast(c.level_coefficient as varchar)
                            else '(' || cast(c.level_coefficient as varchar) || u.filled || ')'
                        end
                        || case when i.coefficient is null or c.is_basic then '' else ' × ' || cast(i.coefficient as varchar) end
                        || case when c.share_uplift > 0 then ' × (1 + ' || cast(c.share_uplift as varchar) || ')' else '' end
                end,
                'value': cast(from_tenthousandths(units_of_coefficient(
                    tenthousandths(c.level_coefficient), c.is_basic, u.uplift, i.coefficient, c.share_uplift
                )) as varchar),
                'stored': cast(c.coefficient as varchar),
                'law': clause(['JY-17-2', 'SD-19', 'GD-16'])
            }
        ]
    ) as lines
from account.claim_case as c
left join taken as t on t.setl_id = c.setl_id
left join uplift as u on u.setl_id = c.setl_id
left join policy.care_level as v on v.year = c.calibration_year and v.level = c.level
left join reference.institution_coefficient as i
    on i.fixmedins_code = c.fixmedins_code
    and i.valid_from <= make_date(cast(left(c.month, 4) as integer), 1, 1)
    and (i.valid_to is null or i.valid_to >= make_date(cast(left(c.month, 4) as integer), 1, 1))
where c.priced_as in ('tcm_value', 'high', 'low', 'normal')
