/*---
describe: >-
  Rows of reference files name claims that were delivered, groups that a claim was given or a scheme has, and
  hospitals of hospital.csv. The rows named have no effect: correct them, or leave those whose claim is still to come.
guards: claims.unknown_mention
law: [open]
severity: warn
says:
  en: "reference files name claims, groups or hospitals that are not there; the rows have no effect"
  zh: "基础资料指向不存在的结算清单、病组或医院，所在行不起作用"
---*/
select file, line, column_name, value, near
from claims.unknown_mention
