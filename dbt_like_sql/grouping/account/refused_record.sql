/*---
describe: >-
  The answer to a record that the code maps refuse: it is not grouped, and the reason says which code stopped it.
law: [JY-10]
---*/
select
    r.month,
    r.setl_id,
    r.dcla_time,
    g.scheme,
    '0000' as mdc,
    '00' as adrg,
    '0000' as drg,
    'invalid_input' as status,
    cast(null as integer) as leaf,
    cast(null as integer) as retried_procedure,
    r.reason
from account.mapped_record as r
inner join policy.grouping as g on g.month = r.month
where r.reason is not null
