/*---
describe: What each pool spent of its budget in these months.
about: months
title: {en: "Pools, {span}", zh: "资金池月度预结算（{span}）"}
columns:
  pool: {en: pool}
  title: {zh: 资金池}
  cases: {en: cases, zh: 病例数}
  fund: {en: fund incurred, zh: 统筹发生额}
  budget_used: {en: budget used, zh: 使用预算}
  settled: {en: settled, zh: 结算额}
  residual: {en: residual, zh: 尾差}
total: [cases, fund, budget_used, settled, residual]
---*/
select
    m.pool,
    coalesce(any_value(t.title), m.pool) as title,
    sum(m.cases) as cases,
    sum(m.fund) as fund,
    sum(m.budget_used) as budget_used,
    sum(m.settled) as settled,
    sum(m.residual) as residual
from settlement.monthly_pool as m
left join policy.pool as t on t.month = m.month and t.pool = m.pool
where m.month in (select unnest($months))
group by m.pool
order by m.pool
