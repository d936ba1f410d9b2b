/*---
describe: >-
  Our group beside that of the platform, for every version that has both. A group of the platform has the ADRG and
  MDC that our scheme gives it; results of another scheme are not comparable and count in no rate.
grain: [month, setl_id, dcla_time]
partition: month
nullable: [fixmedins_code, platform_scheme, platform_mdc, platform_adrg, platform_drg, principal_diagnosis]
law: [JY-10, SD-17, GD-12]
---*/
select
    c.month,
    c.setl_id,
    c.dcla_time,
    s.fixmedins_code,
    c.scheme,
    c.mdc,
    c.adrg,
    c.drg,
    c.status,
    p.scheme as platform_scheme,
    a.mdc as platform_mdc,
    d.adrg as platform_adrg,
    p.drg_code as platform_drg,
    p.status as platform_status,
    r.principal_diagnosis,
    k.code is not null as principal_known,
    p.scheme is null or p.scheme in (h.scheme, h.title) as comparable,
    c.status = p.status and (p.drg is null or c.drg = p.drg) as agrees
from grouping.scheme_case as c
inner join grouping.platform_case as p on p.month = c.month and p.setl_id = c.setl_id and p.dcla_time = c.dcla_time
inner join claims.setlinfo as s on s.month = c.month and s.setl_id = c.setl_id and s.dcla_time = c.dcla_time
inner join grouping.record as r on r.month = c.month and r.setl_id = c.setl_id and r.dcla_time = c.dcla_time
inner join scheme.scheme as h on h.scheme = c.scheme
left join scheme.drg as d on d.scheme = c.scheme and d.drg = p.drg_code
left join scheme.adrg as a on a.scheme = c.scheme and a.adrg = d.adrg
left join scheme.diagnosis as k on k.scheme = c.scheme and k.code = r.principal_diagnosis
