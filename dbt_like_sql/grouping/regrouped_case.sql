/*---
describe: >-
  The group of history records under the scheme by which a calibration groups its history, where their months were
  grouped otherwise.
grain: [year, setl_id, dcla_time]
partition: year
keeps:
  grouping.regroup_record: [year, setl_id, dcla_time]
like:
  model: grouping.scheme_case
  with: {grouping.record: grouping.regroup_record, policy.grouping: policy.calibration_scheme, month: year}
nullable: [leaf, retried_procedure, reason]
law: [JY-10, JY-16]
---*/
