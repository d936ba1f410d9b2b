/*---
describe: >-
  How the base point of the claim's group came about: history, both trims with their bounds, class, mean or median,
  and the mean of all cases.
section: {order: 70, title: {en: Base point, zh: 基准点数}}
reads:
  calibration.group_base_point: {year_from: policy.calibration_binding.calibration_year}
  calibration.first_trim: {year_from: policy.calibration_binding.calibration_year}
  calibration.first_statistic: {year_from: policy.calibration_binding.calibration_year}
  calibration.second_trim: {year_from: policy.calibration_binding.calibration_year}
  calibration.group_class: {year_from: policy.calibration_binding.calibration_year}
  calibration.overall: {year_from: policy.calibration_binding.calibration_year}
law: [JY-16]
---*/
with history as (
    select year, string_agg(cast(year + year_offset as varchar), ', ' order by year_offset) as years
    from policy.history_year
    group by year
)

select
    c.setl_id,
    c.dcla_time,
    [
        case when b.drg is null
            then {
                'label': 'base.no_history',
                'value': c.priced_drg,
                'good': false,
                'law': clause(['JY-18-2', 'GD-14'])
            }
        end,
        case when b.drg is not null
            then {
                'label': 'base.history',
                'value': cast(c.calibration_year as varchar),
                'name': h.years,
                'law': clause(['JY-16', 'SD-18-1', 'GD-13'])
            }
        end,
        case when b.drg is not null
            then {
                'label': 'base.cases_raw',
                'value': cast(f.n_raw as varchar),
                'law': clause(['JY-16', 'SD-18-1', 'GD-13'])
            }
        end,
        case when b.drg is not null
            then {
                'label': case f.method when 'none' then 'base.not_trimmed' else 'base.first_trim' end,
                'value': f.method,
                'filled': '[' || cast(yuan_quotient(f.lower_numerator, f.bound_denominator) as varchar) || ', '
                    || cast(yuan_quotient(f.upper_numerator, f.bound_denominator) as varchar) || ']',
                'law': clause(['JY-16', 'SD-18-1', 'GD-13'])
            }
        end,
        case when b.drg is not null
            then {
                'label': 'base.after_first',
                'value': cast(s.n as varchar),
                'name': s.class_after_first,
                'law': case s.class_after_first when 'stable' then clause(['JY-16-1-1']) else clause(['JY-16-1-2']) end
            }
        end,
        case when t.drg is not null
            then {
                'label': 'base.second_trim',
                'value': t.method,
                'filled': '[' || cast(yuan_quotient(t.lower_numerator, t.bound_denominator) as varchar) || ', '
                    || cast(yuan_quotient(t.upper_numerator, t.bound_denominator) as varchar) || ']',
                'law': clause(['JY-16-1-2'])
            }
        end,
        case when b.drg is not null
            then {
                'label': 'base.class',
                'value': k.stability,
                'name': k.decided_on,
                'stored': b.stability,
                'law': case k.stability when 'stable' then clause(['JY-16-1-1']) else clause(['JY-16-1-2']) end,
                'good': k.stability = 'stable'
            }
        end,
        case when b.cv is not null
            then {'label': 'base.cv', 'value': cast(b.cv as varchar), 'law': clause(['JY-16-1'])}
        end,
        case when b.drg is not null
            then {
                'label': 'base.mean',
                'filled': cast(yuan(k.fee_cents) as varchar) || ' ÷ ' || cast(k.n as varchar),
                'value': cast(yuan_quotient(k.fee_cents, k.n) as varchar),
                'stored': cast(b.mean as varchar),
                'law': clause(['JY-16-2', 'SD-18-1', 'GD-13'])
            }
        end,
        case when b.stability = 'unstable'
            then {
                'label': 'base.median',
                'value': cast(yuan_quotient(k.twice_median_cents, 2) as varchar),
                'stored': cast(b.median as varchar),
                'law': clause(['JY-16-2', 'SD-18-1', 'GD-13'])
            }
        end,
        case when a.year is not null
            then {
                'label': 'base.overall',
                'filled': cast(a.fee_sum as varchar) || ' ÷ ' || cast(a.n as varchar),
                'value': cast(yuan_quotient(cents(a.fee_sum), a.n) as varchar),
                'stored': cast(a.mean as varchar),
                'law': clause(['JY-16-2', 'SD-18-1', 'GD-13'])
            }
        end,
        case b.stability
            when 'stable'
                then {
                    'label': 'base.point_stable',
                    'filled': '(' || cast(yuan(k.fee_cents) as varchar) || ' ÷ ' || cast(k.n as varchar) || ') ÷ ('
                        || cast(a.fee_sum as varchar) || ' ÷ ' || cast(a.n as varchar) || ') × '
                        || cast(c.unit_scale as varchar),
                    'value': cast(base_point_of_mean(k.fee_cents, k.n, cents(a.fee_sum), a.n, c.unit_scale) as varchar),
                    'stored': cast(b.base_point as varchar),
                    'law': clause(['JY-16-2', 'SD-18-1', 'GD-13'])
                }
            when 'unstable'
                then {
                    'label': 'base.point_unstable',
                    'filled': cast(b.median as varchar) || ' ÷ (' || cast(a.fee_sum as varchar) || ' ÷ '
                        || cast(a.n as varchar) || ') × ' || cast(c.unit_scale as varchar),
                    'value': cast(
                        base_point_of_median(k.twice_median_cents, cents(a.fee_sum), a.n, c.unit_scale) as varchar
                    ),
                    'stored': cast(b.base_point as varchar),
                    'law': clause(['JY-16-2', 'SD-18-1', 'GD-13'])
                }
        end,
        case when c.base_point is distinct from b.base_point and c.base_point is not null
            then {
                'label': 'base.override',
                'value': cast(c.base_point as varchar),
                'note': c.override_document,
                'law': clause(['JY-16-3', 'SD-18-2', 'GD-13'])
            }
        end
    ] as lines
from account.claim_case as c
left join history as h on h.year = c.calibration_year
left join calibration.group_base_point as b on b.year = c.calibration_year and b.drg = c.priced_drg
left join calibration.first_trim as f on f.year = b.year and f.drg = b.drg
left join calibration.first_statistic as s on s.year = b.year and s.drg = b.drg
left join calibration.second_trim as t on t.year = b.year and t.drg = b.drg
left join calibration.group_class as k on k.year = b.year and k.drg = b.drg
left join calibration.overall as a on a.year = c.calibration_year
where c.phase is not null
