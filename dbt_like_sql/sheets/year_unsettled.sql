/*---
describe: Claims of the year that are not cleared, by reason.
about: year
title: {en: "Claims of {span} that are not cleared", zh: "{span} 未纳入清算的病例"}
columns:
  reason: {en: reason, zh: 原因}
  claims: {en: claims, zh: 病例数}
total: [claims]
---*/
select reason, count(*) as claims
from clearing.unsettled_case
where year = $year
group by reason
order by reason
