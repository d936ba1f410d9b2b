/*---
describe: What each hospital is entitled to, was paid and is still due.
about: year
title: {en: "Hospitals in {span}", zh: "{span} 年度清算：医疗机构"}
columns:
  name: {en: hospital, zh: 医疗机构}
  entitlement: {en: entitlement, zh: 应结算额}
  pay_ratio: {en: pay ratio, zh: 支付比}
  payable: {en: payable, zh: 应付额}
  paid: {en: paid, zh: 已拨付}
  due: {en: due, zh: 应补（退）}
total: [entitlement, payable, paid, due]
---*/
with called as (
    select fixmedins_code, max_by(name, valid_from) as name
    from reference.hospital
    group by fixmedins_code
)

select
    coalesce(any_value(c.name), s.fixmedins_code) as name,
    sum(s.entitlement) as entitlement,
    case when sum(s.fund) > 0 then quotient_4(cents(sum(s.entitlement)), cents(sum(s.fund))) end as pay_ratio,
    sum(s.payable) as payable,
    sum(s.paid) as paid,
    sum(s.due) as due
from clearing.annual_settlement as s
left join called as c on c.fixmedins_code = s.fixmedins_code
where s.year = $year
group by s.fixmedins_code
order by sum(s.entitlement) desc, s.fixmedins_code
