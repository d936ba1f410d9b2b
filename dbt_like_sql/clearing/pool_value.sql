/*---
describe: >-
  The year of each budgeted pool before it is divided: points, budget B, point value, and the reserve with the
  limit of what may be shared out of it.
grain: [year, pool]
partition: year
sealed: true
nullable: [point_value]
law: [JY-8, JY-9, JY-33-1, JY-33-2, JY-35-3, SD-7, SD-26, GD-10, GD-11, GD-22-3]
---*/
with cases as (
    select
        year,
        pool,
        count(*) as cases,
        sum(points) as points,
        sum(fee) as fee,
        sum(fund) as fund
    from clearing.annual_case
    group by year, pool
),

budget as (
    select
        cast(b.year as integer) as year,
        b.pool,
        b.amount,
        coalesce(b.adjustment, 0) as adjustment,
        distributable_of(b.amount, b.reserve_ratio) as distributable,                        -- law: JY-8
        p.sharing_limit
    from reference.budget as b
    inner join policy.clearing as p on p.year = b.year
)

select
    b.year,
    b.pool,
    cast(coalesce(c.cases, 0) as bigint) as cases,
    cast(coalesce(c.points, 0) as decimal(18, 4)) as points,
    cast(coalesce(c.fee, 0) as decimal(18, 2)) as fee,
    cast(coalesce(c.fund, 0) as decimal(18, 2)) as fund,
    b.amount,
    cast(b.adjustment as decimal(18, 2)) as adjustment,
    cast(b.distributable + b.adjustment as decimal(18, 2)) as budget,                        -- law: JY-9
    cast(b.amount - b.distributable as decimal(18, 2)) as reserve,                           -- law: JY-8
    least(yuan_times(b.amount, b.sharing_limit), cast(b.amount - b.distributable as decimal(18, 2))) as sharing_ceiling,  -- law: JY-35-3
    point_value_of(                                                                          -- law: JY-33-2
        coalesce(c.fee, 0), coalesce(c.fund, 0), b.distributable + b.adjustment, coalesce(c.points, 0)
    ) as point_value
from budget as b
left join cases as c on c.year = b.year and c.pool = b.pool
