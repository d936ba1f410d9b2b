/*---
describe: What was paid and what is still due add up to what is payable.
about: year
title: {en: paid + due = payable, zh: 已拨付 + 应补（退） = 应付额}
unit: {en: hospitals and pools, zh: 个机构资金池}
---*/
with summed as (
    select fixmedins_code, pool, sum(amount) as due
    from clearing.ledger
    where year = $year
    group by fixmedins_code, pool
)

select
    count(*) as checked,
    count(*) filter (where (s.paid + l.due = s.payable) is distinct from true) as broken
from clearing.annual_settlement as s
left join summed as l on l.fixmedins_code = s.fixmedins_code and l.pool = s.pool
where s.year = $year
