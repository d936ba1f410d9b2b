/*---
describe: The lines of the clearing, each with its clause, over all hospitals.
about: year
title: {en: "Ledger of {span}", zh: "{span} 年度清算台账"}
columns:
  line: {en: line}
  title: {zh: 项目}
  citation: {en: law, zh: 依据}
  hospitals: {en: hospitals, zh: 机构数}
  amount: {en: amount, zh: 金额}
total: [amount]
---*/
select
    l.line,
    coalesce(any_value(t.title), l.line) as title,
    any_value(l.citation) as citation,
    count(distinct l.fixmedins_code) as hospitals,
    sum(l.amount) as amount
from clearing.ledger as l
left join policy.ledger_line as t on t.year = l.year and t.line = l.line
where l.year = $year
group by l.line, l.line_no
order by l.line_no
