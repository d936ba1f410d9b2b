/*---
describe: >-
  The group that the platform returned with each claim version. Of two results for one version the last row stands; where
  one could not be read, none does.
grain: [month, setl_id, dcla_time]
partition: month
nullable: [scheme, drg_code]
---*/
select
    p.month,
    p.setl_id,
    p.dcla_time,
    p.scheme,
    p.drg_code
from claims.drginfo as p
left join claims.torn_version as t
    on t.month = p.month and t.setl_id = p.setl_id and t.dcla_time = p.dcla_time and t.file = 'drginfo'
where t.setl_id is null
qualify row_number() over (partition by p.month, p.setl_id, p.dcla_time order by p.line desc) = 1
