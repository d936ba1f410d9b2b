/*---
describe: Claim versions of the year that are not cleared, by reason.
about: year
title: {en: "Claims of {span} that are not cleared", zh: "{span} 未纳入清算的病例"}
columns:
  reason: {en: reason}
  reason_zh: {zh: 原因}
  claims: {en: versions, zh: 清单版本数}
total: [claims]
---*/
select
    reason,
    case reason
        when 'identity_conflict' then '同一结算号的医疗机构或参保人不一致'
        when 'refund' then '退费（总费用为负）'
        when 'refunded' then '已全额退费'
        when 'duplicate_settlement' then '同一次住院重复结算'
        when 'quality_fatal' then '数据有严重问题'
        when 'ungrouped' then '未入组'
        when 'after_cut_off' then '晚于清算数据截止日'
    end as reason_zh,
    count(*) as claims
from clearing.unsettled_case
where year = $year
group by reason
order by reason
