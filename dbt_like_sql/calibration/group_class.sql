/*---
describe: >-
  Stable or unstable, and the set of cases on which that was decided: the once-trimmed cases, or the
  twice-trimmed ones where the second trim made the group stable.
grain: [year, drg]
partition: year
keeps:
  calibration.first_statistic: [year, drg]
law: [JY-16-1-1, JY-16-1-2]
---*/
with second as (
    select
        o.year,
        o.drg,
        count(*) as n,
        sum(cast(cents(o.fee) as hugeint)) as total,
        sum(cast(cents(o.fee) as hugeint) * cents(o.fee)) as squares,
        twice_median(list(cast(cents(o.fee) as bigint) order by o.fee)) as twice_median_cents
    from calibration.trim_outcome as o
    inner join calibration.second_trim as t on t.year = o.year and t.drg = o.drg
    where o.kept_first and o.kept_second
    group by o.year, o.drg
),

judged as (
    select
        f.*,
        s.n as second_n,
        s.total as second_total,
        s.squares as second_squares,
        s.twice_median_cents as second_twice_median,
        f.class_after_first = 'again'
            and coalesce(s.n > p.unstable_up_to_cases and cv_below(s.n, s.total, s.squares, p.cv_limit), false) as rescued
    from calibration.first_statistic as f
    left join policy.calibration as p on p.year = f.year
    left join second as s on s.year = f.year and s.drg = f.drg
)

select
    year,
    drg,
    case
        when class_after_first = 'stable' or rescued then 'stable'                      -- law: JY-16-1-1
        when class_after_first in ('unstable', 'again') then 'unstable'                 -- law: JY-16-1-2
    end as stability,
    case when rescued then 'second' else 'first' end as decided_on,
    n_raw,
    case when rescued then second_n else n end as n,
    cast(case when rescued then second_total else fee_cents end as decimal(38, 0)) as fee_cents,
    cast(case when rescued then second_squares else square_cents end as decimal(38, 0)) as square_cents,
    cast(case when rescued then second_twice_median else twice_median_cents end as decimal(38, 0)) as twice_median_cents
from judged
