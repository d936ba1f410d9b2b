/*---
describe: How the claim versions of these months were grouped, and by what.
about: months
title: {en: "Grouping, {span}", zh: "病组分组（{span}）"}
columns:
  grouped_by: {en: grouped by}
  grouped_by_zh: {zh: 分组依据}
  versions: {en: versions, zh: 清单版本数}
  grouped: {en: grouped, zh: 入组}
  ambiguous: {en: ambiguous, zh: 歧义组}
  ungrouped: {en: ungrouped, zh: 未入组}
  invalid_input: {en: invalid input, zh: 信息不全}
  compared: {en: compared with platform, zh: 与平台可比}
  same_drg: {en: same group, zh: 同组}
total: [versions, grouped, ambiguous, ungrouped, invalid_input, compared, same_drg]
---*/
with called as (
    select
        p.month,
        p.grouping_source,
        h.title || ' (' || h.scheme || ' ' || h.version || ')' as scheme
    from policy.grouping as p
    left join scheme.scheme as h on h.scheme = p.scheme and p.grouping_source = 'scheme'
),

beside as (
    select month, sum(compared) as compared, sum(same_drg) as same_drg
    from grouping.agreement
    group by month
),

by_month as (
    select
        month,
        count(*) as versions,
        count(*) filter (where status = 'grouped') as grouped,
        count(*) filter (where status = 'ambiguous') as ambiguous,
        count(*) filter (where status = 'ungrouped') as ungrouped,
        count(*) filter (where status = 'invalid_input') as invalid_input
    from grouping.grouped_case
    where month in (select unnest($months))
    group by month
)

select
    coalesce(c.scheme, c.grouping_source) as grouped_by,
    coalesce(c.scheme, '平台分组结果') as grouped_by_zh,
    sum(m.versions) as versions,
    sum(m.grouped) as grouped,
    sum(m.ambiguous) as ambiguous,
    sum(m.ungrouped) as ungrouped,
    sum(m.invalid_input) as invalid_input,
    coalesce(sum(b.compared), 0) as compared,
    coalesce(sum(b.same_drg), 0) as same_drg
from by_month as m
inner join called as c on c.month = m.month
left join beside as b on b.month = m.month
group by c.scheme, c.grouping_source
order by grouped_by
