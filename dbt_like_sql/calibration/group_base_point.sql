/*---
describe: >-
  The base point of each group: of a stable group its mean fee, of an unstable one its median fee, over the
  mean fee of all retained cases, times the unit of the scheme of points.
grain: [year, drg]
partition: year
keeps:
  calibration.group_class: [year, drg]
nullable: [cv]
law: [JY-16-2, SD-18-1, GD-13]
checks:
  - id: base_point_positive
    expect: base_point > 0
    describe: A base point is above zero.
---*/
select
    g.year,
    g.drg,
    g.stability,
    g.n_raw,
    g.n,
    yuan(g.fee_cents) as fee_sum,
    yuan_quotient(g.fee_cents, g.n) as mean,
    yuan_quotient(g.twice_median_cents, 2) as median,
    -- For reading only: the class is decided on whole numbers.
    case
        when g.n > 1
            then cast(sqrt(
                cast(g.n as double) * (cast(g.n as hugeint) * g.square_cents - cast(g.fee_cents as hugeint) * g.fee_cents) / (g.n - 1)
            ) / cast(g.fee_cents as double) as decimal(18, 4))
    end as cv,
    case g.stability
        when 'stable'                                                                   -- law: JY-16-2
            then base_point_of_mean(g.fee_cents, g.n, cents(a.fee_sum), a.n, p.unit_scale)
        when 'unstable'                                                                 -- law: JY-16-2
            then base_point_of_median(g.twice_median_cents, cents(a.fee_sum), a.n, p.unit_scale)
    end as base_point
from calibration.group_class as g
left join calibration.overall as a on a.year = g.year
left join policy.calibration as p on p.year = g.year
