/*---
describe: Each pool as the year was cleared.
about: year
title: {en: "Pools of {span}, cleared", zh: "{span} 年度清算：资金池"}
columns:
  pool: {en: pool}
  title: {zh: 资金池}
  cases: {en: cases, zh: 病例数}
  fund: {en: fund incurred, zh: 统筹发生额}
  budget: {en: budget, zh: 可分配预算}
  point_value: {en: point value, zh: 每点费用}
  settled: {en: entitlements, zh: 应结算额}
  residual: {en: residual, zh: 尾差}
  unspent: {en: unspent, zh: 未使用}
total: [cases, fund, budget, settled, residual, unspent]
---*/
select p.*, coalesce(t.title, p.pool) as title
from clearing.annual_pool as p
left join policy.pool as t on t.month = cast(p.year as varchar) || '-12' and t.pool = p.pool
where p.year = $year
order by p.pool
