/*---
describe: >-
  What the reserve bears of the overspending of hospitals whose entitlement is below the fund's own amount: by
  tiers, within the pool's limit; above it all are scaled by largest remainder, of equal remainders the smaller
  code first.
grain: [year, fixmedins_code, pool]
partition: year
sealed: true
law: [JY-35-3, JY-35-4, SD-26, SD-37, GD-10, GD-26]
---*/
with deficit as (
    select
        h.year,
        h.fixmedins_code,
        h.pool,
        h.fund,
        h.fund - h.entitlement as deficit,
        h.share_factor
    from clearing.hospital_year as h
    where h.fund > 0 and h.entitlement < h.fund and not h.is_violator                   -- law: JY-35-4
),

tiered as (
    -- Cents times 10^8: the part of the deficit inside each tier, times its share.
    select
        d.year,
        d.fixmedins_code,
        d.pool,
        d.deficit,
        d.share_factor,
        sum(
            tenthousandths(t.share)
            * greatest(
                least(cents(d.deficit) * 10000, tenthousandths(t.share_up_to) * cents(d.fund))
                - tenthousandths(t.share_above) * cents(d.fund),
                0
            )
        ) as scaled
    from deficit as d
    inner join policy.sharing_tier as t on t.year = d.year
    group by d.year, d.fixmedins_code, d.pool, d.deficit, d.share_factor
),

owed as (
    select
        year,
        fixmedins_code,
        pool,
        deficit,
        half_up(cast(scaled as hugeint) * millionths(share_factor), cast(100000000000000 as hugeint)) as owed_cents
    from tiered
),

limited as (
    select
        o.*,
        cents(v.shareable) as ceiling_cents,
        sum(o.owed_cents) over (partition by o.year, o.pool) as all_owed
    from owed as o
    inner join clearing.reserve as v on v.year = o.year and v.pool = o.pool
),

floored as (
    select
        *,
        case when all_owed > ceiling_cents then share_floor(ceiling_cents, owed_cents, all_owed) else owed_cents end as floor_cents,
        case when all_owed > ceiling_cents then share_remainder(ceiling_cents, owed_cents, all_owed) else 0 end as remainder
    from limited
),

dealt as (
    select
        *,
        least(all_owed, ceiling_cents) - sum(floor_cents) over (partition by year, pool) as left_over,
        row_number() over (partition by year, pool order by remainder desc, fixmedins_code) as turn
    from floored
)

select
    year,
    fixmedins_code,
    pool,
    cast(deficit as decimal(18, 2)) as deficit,
    yuan(owed_cents) as tier_share,
    yuan(floor_cents + case when turn <= left_over then 1 else 0 end) as shared
from dealt
