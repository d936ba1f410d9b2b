/*---
describe: >-
  What all lines that it pays leave of each pool's reserve, divided by annual points among its hospitals that were not
  suspended or ended in the year, by largest remainder (of equal remainders the smaller code first).
grain: [year, fixmedins_code, pool]
partition: year
sealed: true
law: [JY-8, GD-10]
checks:
  - id: distribution_not_negative
    expect: distributed >= 0
    describe: Nobody pays into the reserve by way of its distribution.
---*/
with shared as (
    -- Where the sharing is paid by others, it takes nothing of the reserve.
    select s.year, s.pool, sum(s.shared) as shared
    from clearing.overspend_share as s
    inner join policy.ledger_line as t on t.year = s.year and t.line = 'overspend_share'
    where t.active and t.fund_source = 'reserve'
    group by s.year, s.pool
),

rest as (
    select
        r.year,
        r.pool,
        cents(r.reserve) - cents(r.served) - cents(coalesce(s.shared, 0)) as rest_cents
    from clearing.reserve as r
    inner join policy.clearing as p on p.year = r.year and p.secondary_distribution
    left join shared as s on s.year = r.year and s.pool = r.pool
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
