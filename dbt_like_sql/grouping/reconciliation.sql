/*---
describe: >-
  Every version that our scheme and the platform put in different groups, from which level on they differ, and the
  likely cause. Only months that a scheme of ours binds have rows.
grain: [month, setl_id, dcla_time]
partition: month
nullable: [fixmedins_code, platform_scheme, platform_mdc, platform_adrg, platform_drg]
law: [JY-10, SD-17, GD-12]
---*/
select
    month,
    setl_id,
    dcla_time,
    fixmedins_code,
    scheme,
    mdc,
    adrg,
    drg,
    status,
    platform_scheme,
    platform_mdc,
    platform_adrg,
    platform_drg,
    platform_status,
    case
        when status <> platform_status then 'status'
        when mdc is distinct from platform_mdc then 'mdc'
        when adrg is distinct from platform_adrg then 'adrg'
        else 'drg'
    end as level,
    case
        when not comparable then 'the platform grouped by another scheme'
        when platform_drg is not null and platform_adrg is null and platform_status = 'grouped'
            then 'the group of the platform is not in the scheme'
        when status = 'invalid_input' then 'a field that the scheme asks for is missing'
        when principal_diagnosis is null then 'the principal diagnosis is missing'
        when not principal_known then 'the principal diagnosis is not in the code table of the scheme'
        when status = 'ungrouped' then 'no group of the scheme takes the case'
        when platform_status = 'invalid_input' then 'the platform returned no code of a group'
        when platform_status <> 'grouped' then 'the platform found no group'
        when mdc is distinct from platform_mdc then 'another principal diagnosis, or a condition on age, sex or injuries'
        when adrg is distinct from platform_adrg then 'another procedure, or another order of them'
        else 'another complication, or its exclusion'
    end as likely_cause
from grouping.compared_case
where not agrees
