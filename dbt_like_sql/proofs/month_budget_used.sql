/*---
describe: What the hospitals are settled and what rounding leaves add up to the budget used.
about: months
title: {en: "Σ settled + residual = budget used", zh: "Σ结算额 + 尾差 = 使用预算"}
unit: {en: pools and months, zh: 个资金池月份}
---*/
with settled as (
    select month, pool, sum(settlement) as settled
    from settlement.monthly_settlement
    where month in (select unnest($months))
    group by month, pool
)

select
    count(*) as checked,
    count(*) filter (
        where (coalesce(s.settled, 0) + m.residual = m.budget_used) is distinct from true
    ) as broken
from settlement.monthly_pool as m
left join settled as s on s.month = m.month and s.pool = m.pool
where m.month in (select unnest($months))
