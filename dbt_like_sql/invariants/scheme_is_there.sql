/*---
describe: >-
  The scheme that binds a month is named and has been loaded; drg scheme import brings one in, and grouping.yml of
  the region's policy (or the option scheme) names it.
guards: grouping.scheme_case
law: [JY-10, SD-17, GD-12]
---*/
select g.month, g.grouping_source, g.scheme
from policy.grouping as g
left join scheme.scheme as s on s.scheme = g.scheme
where (g.scheme is not null and s.scheme is null) or (g.scheme is null and g.grouping_source = 'scheme')
