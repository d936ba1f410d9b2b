/*---
describe: >-
  The coefficient of each group at each level of care, and the level mean M behind it (whole cents, as a
  numerator over a denominator; `level_mean` is for reading).
grain: [year, drg, level]
partition: year
nullable: [coefficient, level_mean, mean_numerator, mean_denominator]
law: [JY-12, JY-17-1, SD-19, GD-16]
---*/
with retained as (
    select
        o.year,
        o.drg,
        o.level,
        count(*) as n,
        sum(cast(cents(o.fee) as hugeint)) as fee_cents
    from calibration.trim_outcome as o
    inner join calibration.group_class as g on g.year = o.year and g.drg = o.drg
    where o.kept_first and (o.kept_second or g.decided_on = 'first')
    group by o.year, o.drg, o.level
),

own as (
    select
        g.year,
        g.drg,
        v.level,
        v.default_coefficient,
        p.nearest_ceiling,
        p.basic_group_coefficient,
        b.drg is not null as is_basic,
        coalesce(r.n, 0) as n,
        cast(g.fee_cents as hugeint) as group_cents,
        cast(g.n as hugeint) as group_n,
        r.fee_cents as level_cents,
        own_coefficient_of(
            quotient_of_level(r.fee_cents, r.n, g.fee_cents, g.n),                      -- law: JY-17-1-1
            p.coefficient_floor,                                                        -- law: JY-17-1-2
            p.coefficient_ceiling
        ) as own_coefficient
    from calibration.group_class as g
    left join policy.calibration as p on p.year = g.year
    left join policy.care_level as v on v.year = g.year
    left join retained as r on r.year = g.year and r.drg = g.drg and r.level = v.level
    left join reference.basic_group as b
        on b.drg = g.drg
        and b.valid_from <= make_date(g.year, 1, 1)
        and (b.valid_to is null or b.valid_to >= make_date(g.year, 1, 1))
),

nearest as (
    select
        o.year,
        o.drg,
        o.level,
        arg_min(m.own_coefficient, w.preference) as neighbour_coefficient
    from own as o
    inner join policy.nearest_level as w on w.year = o.year and w.level = o.level
    inner join own as m on m.year = o.year and m.drg = o.drg and m.level = w.neighbour and m.n > 0
    where o.n = 0
    group by o.year, o.drg, o.level
),

chosen as (
    select
        o.*,
        case
            when o.is_basic then 'basic_group'
            when o.n > 0 then 'own'
            when o.default_coefficient is not null then 'primary_default'
            when k.neighbour_coefficient is not null then 'nearest'
            else 'none'
        end as basis,
        k.neighbour_coefficient
    from own as o
    left join nearest as k on k.year = o.year and k.drg = o.drg and k.level = o.level
),

coefficients as (
    select
        c.*,
        coefficient_of_basis(
            c.basis,
            c.own_coefficient,                                                          -- law: JY-17-1-1, JY-17-1-2
            c.basic_group_coefficient,                                                  -- law: JY-12, JY-17-1-4
            c.default_coefficient,                                                      -- law: JY-17-1-3
            c.neighbour_coefficient,                                                    -- law: JY-17-1-3
            c.nearest_ceiling
        ) as coefficient
    from chosen as c
),

means as (
    select
        c.*,
        case
            when c.basis = 'own' then c.level_cents
            when c.basis = 'basic_group' then c.group_cents
            when c.basis in ('primary_default', 'nearest') then c.group_cents * tenthousandths(c.coefficient)
        end as mean_numerator,
        case
            when c.basis = 'own' then cast(c.n as hugeint)
            when c.basis = 'basic_group' then c.group_n
            when c.basis in ('primary_default', 'nearest') then c.group_n * 10000
        end as mean_denominator
    from coefficients as c
)

select
    year,
    drg,
    level,
    n,
    yuan_quotient(mean_numerator, mean_denominator) as level_mean,
    cast(coefficient as decimal(18, 4)) as coefficient,
    basis,
    cast(mean_numerator as decimal(38, 0)) as mean_numerator,
    cast(mean_denominator as decimal(38, 0)) as mean_denominator
from means
