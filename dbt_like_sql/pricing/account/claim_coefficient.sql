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
        quotient_4(
            cast(v.mean_numerator as hugeint) * g.n, cast(v.mean_denominator as hugeint) * cast(g.fee_cents as hugeint)
        ) as quotient
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
        case c.basis
            when 'own' then cast(least(greatest(o.quotient, p.coefficient_floor), p.coefficient_ceiling) as decimal(18, 4))
            when 'basic_group' then p.basic_group_coefficient
            when 'primary_default' then v.default_coefficient
            when 'nearest' then cast(least(n.coefficient, p.nearest_ceiling) as decimal(18, 4))
        end as coefficient,
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
                then case when o.quotient between p.coefficient_floor and p.coefficient_ceiling then 'JY-17-1-1' else 'JY-17-1-2' end
            when 'basic_group' then 'JY-17-1-4'
            else 'JY-17-1-3'
        end as law
    from account.claim_case as c
    left join own as o on o.year = c.calibration_year and o.drg = c.drg and o.level = c.level
    left join neighbour as n on n.year = c.calibration_year and n.drg = c.drg and n.level = c.level
    left join policy.calibration as p on p.year = c.calibration_year
    left join policy.care_level as v on v.year = c.calibration_year and v.level = c.level
),

uplift as (
    select
        c.setl_id,
        sum(k.uplift) as uplift,
        string_agg(' + ' || cast(k.uplift as varchar), '' order by k.grade) as filled,
        list(
            {'label': 'coefficient.uplift', 'value': cast(k.uplift as varchar), 'name': k.grade, 'law': 'JY-17-2'}
            order by k.grade
        ) as lines
    from account.claim_case as c
    inner join reference.key_specialty as k
        on k.fixmedins_code = c.fixmedins_code
        and k.drg = c.drg
        and k.valid_from <= make_date(cast(left(c.month, 4) as integer), 1, 1)
        and (k.valid_to is null or k.valid_to >= make_date(cast(left(c.month, 4) as integer), 1, 1))
    group by c.setl_id
)

select
    c.setl_id,
    c.dcla_time,
    list_concat(
        [
            {'label': 'coefficient.level', 'value': c.level, 'name': v.title, 'law': 'JY-17-1'},
            {'label': 'coefficient.cases', 'value': cast(c.level_cases as varchar), 'law': 'JY-17-1-1'},
            {
                'label': 'coefficient.level_mean',
                'filled': c.level_mean,
                'value': cast(quotient_2(c.mean_numerator, 100 * c.mean_denominator) as varchar),
                'stored': cast(c.stored_level_mean as varchar),
                'law': 'JY-17-1-1'
            },
            case when c.basis = 'own'
                then {
                    'label': 'coefficient.quotient',
                    'filled': '(' || c.level_mean || ') ÷ (' || cast(c.group_fees as varchar) || ' ÷ '
                        || cast(c.group_cases as varchar) || ')',
                    'value': cast(t.quotient as varchar),
                    'law': 'JY-17-1-1'
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
                    'law': 'JY-17-1-4'
                }
            end
        ],
        u.lines,
        [
            case when i.coefficient is not null
                then {'label': 'coefficient.institution', 'value': cast(i.coefficient as varchar), 'law': 'JY-17-2-4'}
            end,
            {
                'label': 'coefficient.used',
                'filled': case when u.setl_id is not null or i.fixmedins_code is not null
                    then
                        coalesce('(' || cast(c.level_coefficient as varchar) || u.filled || ')', cast(c.level_coefficient as varchar))
                        || coalesce(' × ' || cast(i.coefficient as varchar), '')
                end,
                'value': cast(quotient_4(
                    (tenthousandths(c.level_coefficient) + tenthousandths(coalesce(u.uplift, 0)))
                        * tenthousandths(coalesce(i.coefficient, 1)),
                    cast(100000000 as hugeint)
                ) as varchar),
                'stored': cast(c.coefficient as varchar),
                'law': 'JY-17-2'
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
where c.stability = 'stable'
