/*---
describe: The entitlements and what rounding leaves add up to the budget of the year.
about: year
title: {en: "Σ entitlements + residual = budget of the year", zh: "Σ应结算额 + 尾差 = 年度可分配预算"}
unit: {en: pools, zh: 个资金池}
---*/
with entitled as (
    select pool, sum(entitlement) as entitlement
    from clearing.annual_settlement
    where year = $year
    group by pool
)

select
    count(*) as checked,
    count(*) filter (
        where (coalesce(e.entitlement, 0) + p.residual = p.budget) is distinct from true
    ) as broken
from clearing.annual_pool as p
left join entitled as e on e.pool = p.pool
where p.year = $year
