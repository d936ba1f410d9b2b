/*---
describe: >-
  The distributable budget of each pool, spread over the twelve months: the amounts filed for the months, else
  in proportion to last year's fees of the pool by settlement month (where the agency spreads by them and there
  are any), else in equal parts. Cents left over go to the largest remainders, of equal ones to the earlier
  month.
grain: [year, pool, settlement_month]
partition: year
sealed: true
law: [JY-8, JY-32-2, SD-7, GD-10]
---*/
with filed as (
    select
        cast(b.year as integer) as year,
        b.pool,
        p.month_spread,
        cents(distributable_of(b.amount, b.reserve_ratio)) as distributable,
        [
            b.month_01, b.month_02, b.month_03, b.month_04, b.month_05, b.month_06,
            b.month_07, b.month_08, b.month_09, b.month_10, b.month_11, b.month_12
        ] as filed_months
    from reference.budget as b
    inner join policy.budget as p on p.year = b.year
),

months as (
    select f.*, m.month_no
    from filed as f
    cross join (select unnest([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]) as month_no) as m
),

fees as (
    -- Last year's fees: the cases that the year's calibration asks for, before any trim.
    select
        year,
        pool,
        cast(right(settlement_month, 2) as integer) as month_no,
        sum(cast(cents(fee) as hugeint)) as fee_cents
    from calibration.history_case
    where cast(left(settlement_month, 4) as integer) = year - 1
    group by year, pool, month_no
),

weighted as (
    select
        m.*,
        sum(f.fee_cents) over (partition by m.year, m.pool) as all_fees,
        case
            when sum(f.fee_cents) over (partition by m.year, m.pool) is null then cast(1 as hugeint)
            else coalesce(f.fee_cents, 0)
        end as weight,
        coalesce(sum(f.fee_cents) over (partition by m.year, m.pool), 12) as all_weights
    from months as m
    left join fees as f
        on m.month_spread = 'last_year_fees'
        and f.year = m.year
        and f.pool = m.pool
        and f.month_no = m.month_no
),

floored as (
    select
        w.*,
        share_floor(w.distributable, w.weight, w.all_weights) as floor_cents,
        share_remainder(w.distributable, w.weight, w.all_weights) as remainder
    from weighted as w
),

dealt as (
    select
        f.*,
        f.distributable - sum(f.floor_cents) over (partition by f.year, f.pool) as left_over,
        row_number() over (partition by f.year, f.pool order by f.remainder desc, f.month_no) as turn
    from floored as f
)

select
    year,
    pool,
    cast(year as varchar) || '-' || lpad(cast(month_no as varchar), 2, '0') as settlement_month,
    cast(coalesce(
        filed_months[month_no],
        yuan(floor_cents + case when turn <= left_over then 1 else 0 end)
    ) as decimal(18, 2)) as allocation,
    case
        when filed_months[month_no] is not null then 'filed'
        when all_fees is null then 'equal'
        else 'last_year_fees'
    end as spread_by
from dealt
