/*---
describe: Claim versions of these months that no month settles, by reason; those that stand for their claim in the month apart.
about: months
title: {en: "Not settled by the month, {span}", zh: "未纳入月度预结算（{span}）"}
columns:
  reason: {en: reason}
  reason_zh: {zh: 原因}
  versions: {en: versions, zh: 清单版本数}
  in_month: {en: of them standing in the month, zh: 其中当月有效版本}
total: [versions, in_month]
---*/
with not_settled as (
    select reason, in_month
    from quality.claim_status
    where month in (select unnest($months)) and reason is not null
)

select
    reason,
    case reason
        when 'identity_conflict' then '同一结算号的医疗机构或参保人不一致'
        when 'refund' then '退费（总费用为负）'
        when 'refunded' then '已全额退费'
        when 'duplicate_settlement' then '同一次住院重复结算'
        when 'quality_fatal' then '数据有严重问题'
        when 'late_upload' then '逾期上传'
        when 'ungrouped' then '未入组'
    end as reason_zh,
    count(*) as versions,
    sum(in_month) as in_month
from not_settled
group by reason
order by reason
