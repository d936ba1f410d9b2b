/*---
describe: >-
  What a hospital in surplus keeps: its entitlement above the fund's own amount, less what is over the cap of
  its level, less what a violation or the assessment withholds. The two together never bring it below U.
grain: [year, fixmedins_code, pool]
partition: year
sealed: true
law: [JY-35-1, JY-35-2, JY-35-4, SD-26, SD-37, GD-26]
checks:
  - id: not_below_fund
    expect: over_cap >= 0 and withheld >= 0 and over_cap + withheld <= surplus
    describe: Cap and withholding take no more than the surplus.
---*/
with judged as (
    select
        h.*,
        p.judge_by,
        greatest(h.entitlement - h.fund, 0) as surplus,
        sum(cents(h.entitlement)) over (partition by h.year, h.fixmedins_code) as hospital_entitlement,
        sum(cents(h.fund)) over (partition by h.year, h.fixmedins_code) as hospital_fund
    from clearing.hospital_year as h
    left join policy.clearing as p on p.year = h.year
),

-- The pool as the unit: E above cap x U goes.
by_pool as (
    select
        year,
        fixmedins_code,
        pool,
        case
            when fund <= 0 then cast(0 as hugeint)
            when cents(entitlement) * 10000 > tenthousandths(cap) * cents(fund)                           -- law: JY-35-2
                then cents(entitlement) - cents(yuan_times(fund, cap))
            when cents(entitlement) * 10000 <= tenthousandths(cap) * cents(fund) then cast(0 as hugeint)
        end as over_cents
    from judged
    where judge_by = 'pool'
),

-- The hospital as the unit: the sum over its pools is judged, and what goes is spread over the pools in surplus.
hospital_over as (
    select
        *,
        hospital_entitlement - half_up(hospital_fund * tenthousandths(cap), 10000) as all_over,
        sum(cents(surplus)) over (partition by year, fixmedins_code) as all_surplus
    from judged
    where judge_by = 'hospital'
),

hospital_floored as (
    select
        *,
        share_floor(all_over, cents(surplus), all_surplus) as floor_cents,
        row_number() over (
            partition by year, fixmedins_code
            order by share_remainder(all_over, cents(surplus), all_surplus) desc, pool
        ) as turn
    from hospital_over
    where surplus > 0 and hospital_fund > 0 and hospital_entitlement * 10000 > tenthousandths(cap) * hospital_fund
),

by_hospital as (
    select
        year,
        fixmedins_code,
        pool,
        floor_cents
            + case when turn <= all_over - sum(floor_cents) over (partition by year, fixmedins_code) then 1 else 0 end
            as over_cents
    from hospital_floored
),

capped as (
    select
        j.year,
        j.fixmedins_code,
        j.pool,
        j.surplus,
        j.is_violator,
        j.retention_factor,
        yuan(coalesce(b.over_cents, h.over_cents, 0)) as over_cap
    from judged as j
    left join by_pool as b on b.year = j.year and b.fixmedins_code = j.fixmedins_code and b.pool = j.pool
    left join by_hospital as h on h.year = j.year and h.fixmedins_code = j.fixmedins_code and h.pool = j.pool
)

select
    year,
    fixmedins_code,
    pool,
    cast(surplus as decimal(18, 2)) as surplus,
    over_cap,
    case
        when is_violator then cast(surplus - over_cap as decimal(18, 2))                                  -- law: JY-35-4
        when not is_violator
            then cast(surplus - over_cap - yuan_times(surplus - over_cap, retention_factor) as decimal(18, 2))
    end as withheld
from capped
