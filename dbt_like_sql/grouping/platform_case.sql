/*---
describe: The group that the platform returned with each claim version. Of two results for one version the last row stands.
grain: [month, setl_id, dcla_time]
partition: month
nullable: [scheme, drg_code]
---*/
select
    month,
    setl_id,
    dcla_time,
    scheme,
    drg_code
from claims.drginfo
qualify row_number() over (partition by month, setl_id, dcla_time order by line desc) = 1
