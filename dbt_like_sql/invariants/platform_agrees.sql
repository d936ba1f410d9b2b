/*---
describe: >-
  Our scheme and the platform agree on the cases of each hospital and of each ADRG, up to the share that the law of
  the region tolerates.
guards: grouping.agreement
law: [JY-10, SD-17, GD-12]
severity: warn
says:
  en: "hospitals or adjacent groups differ from the platform's grouping in more cases than is tolerated"
  zh: "医院或核心病组与平台分组不一致的病例超出容许比例"
---*/
with counted as (
    select month, 'hospital' as scope, fixmedins_code as subject, sum(compared) as compared, sum(same_drg) as agreed
    from grouping.agreement
    group by month, fixmedins_code
    union all
    select month, 'adrg' as scope, adrg as subject, sum(compared) as compared, sum(same_drg) as agreed
    from grouping.agreement
    group by month, adrg
)

select c.month, c.scope, c.subject, c.compared, c.agreed
from counted as c
inner join policy.grouping as p on p.month = c.month
where (c.compared - c.agreed) * 10000 > tenthousandths(p.reconciliation_threshold) * c.compared
