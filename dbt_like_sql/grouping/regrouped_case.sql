/*---
describe: >-
  The group of history records under the scheme by which a calibration groups its history, where their months were
  grouped otherwise.
grain: [year, setl_id, dcla_time]
partition: year
keeps:
  grouping.regroup_record: [year, setl_id, dcla_time]
nullable: [leaf, retried_procedure, reason]
law: [JY-10, JY-16, SD-17, SD-18-1, GD-12, GD-13]
---*/
with bound_period as (
    select year as period, scheme
    from policy.calibration_scheme
    where scheme is not null
),

record_to_group as not materialized (
    select year as period, *
    from grouping.regroup_record
)

select period as year, setl_id, dcla_time, scheme, mdc, adrg, drg, status, leaf, retried_procedure, reason
from grouped
