/*---
describe: The group of every claim version under the scheme that binds its month.
grain: [month, setl_id, dcla_time]
partition: month
nullable: [leaf, retried_procedure, reason]
law: [JY-10, SD-17, GD-12]
---*/
with bound_period as (
    select month as period, scheme
    from policy.grouping
    where scheme is not null
),

record_to_group as not materialized (
    select month as period, *
    from grouping.record
)

select period as month, setl_id, dcla_time, scheme, mdc, adrg, drg, status, leaf, retried_procedure, reason
from grouped
