/*---
describe: >-
  How often our scheme and the platform agree, by hospital and ADRG of ours, over versions that both grouped by the
  same scheme.
grain: [month, fixmedins_code, adrg]
partition: month
law: [JY-10, SD-17, GD-12]
---*/
select
    month,
    coalesce(fixmedins_code, '') as fixmedins_code,
    adrg,
    count(*) as compared,
    count(*) filter (where agrees or platform_mdc = mdc) as same_mdc,
    count(*) filter (where agrees or platform_adrg = adrg) as same_adrg,
    count(*) filter (where agrees) as same_drg
from grouping.compared_case
where comparable
group by month, coalesce(fixmedins_code, ''), adrg
