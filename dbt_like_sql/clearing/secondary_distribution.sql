/*---
describe: >-
  What is left of each pool's reserve after sharing, divided by annual points among its hospitals that were not
  suspended or ended in the year, by largest remainder (of equal remainders the smaller code first).
grain: [year, fixmedins_code, pool]
partition: year
sealed: true
law: [JY-8, GD-10]
---*/
with shared as (
    select year, pool, sum(cents(shared)) as shared_cents
    from clearing.overspend_share
    group by year, pool
),

rest as (
    select
        v.year,
        v.pool,
        cents(v.reserve) - coalesce(s.shared_cents, 0) as rest_cents
    from clearing.pool_value as v
    inner join policy.clearing as p on p.year = v.year and p.secondary_distribution
    left join shared as s on s.year = v.year and s.pool = v.pool
),

eligible as (
    select
        h.year,
        h.fixmedins_code,
        h.pool,
        r.rest_cents,
        tenthousandths(h.points) as weight,
        sum(tenthousandths(h.points)) over (partition by h.year, h.pool) as all_weights
    from clearing.hospital_year as h
    inner join rest as r on r.year = h.year and r.pool = h.pool
    where h.points > 0 and not h.is_sanctioned
),

floored as (
    select
        *,
        share_floor(rest_cents, weight, all_weights) as floor_cents,
        share_remainder(rest_cents, weight, all_weights) as remainder
    from eligible
),

dealt as (
    select
        *,
        rest_cents - sum(floor_cents) over (partition by year, pool) as left_over,
        row_number() over (partition by year, pool order by remainder desc, fixmedins_code) as turn
    from floored
)

select
    year,
    fixmedins_code,
    pool,
    yuan(floor_cents + case when turn <= left_over then 1 else 0 end) as distributed
from dealt
