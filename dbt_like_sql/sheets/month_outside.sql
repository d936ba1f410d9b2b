/*---
describe: Versions of the months' deliveries whose settlement date is no day of a month that there is.
about: months
title: {en: "Settlement dates outside, {span}", zh: "结算日期异常的清单（{span}）"}
columns:
  month: {en: month of the delivery, zh: 上传批次月份}
  setl_id: {en: claim, zh: 结算号}
  setl_end_date: {en: settled on, zh: 结算日期}
  fixmedins_code: {en: hospital, zh: 医疗机构}
  reason: {en: reason}
  reason_zh: {zh: 原因}
total: []
---*/
select
    month,
    setl_id,
    setl_end_date,
    fixmedins_code,
    reason,
    case reason
        when 'after_upload' then '晚于上传日期'
        when 'before_first' then '早于首个结算月份'
        when 'after_last' then '晚于最后结算月份'
    end as reason_zh
from claims.outside_partition
where month in (select unnest($months))
order by month, setl_id, dcla_time
