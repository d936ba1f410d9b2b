/*---
describe: >-
  No uplift in key_specialty.csv is above the ceiling of its grade, no hospital has more key-specialty groups
  than the law allows, and none is given for a basic group. Correct the row; it is not clamped.
guards: pricing.hospital_coefficient
law: [JY-12, JY-17-2, SD-19, GD-16]
---*/
with listed as (
    select p.month, p.specialty_groups_per_hospital, k.fixmedins_code, k.drg, k.grade, k.uplift, c.ceiling, c.counted, c.grade as known_grade
    from policy.pricing as p
    inner join reference.key_specialty as k
        on k.valid_from <= make_date(cast(left(p.month, 4) as integer), 1, 1)
        and (k.valid_to is null or k.valid_to >= make_date(cast(left(p.month, 4) as integer), 1, 1))
    left join policy.uplift_ceiling as c on c.month = p.month and c.phase = p.phase and c.grade = k.grade
    where p.phase = 'month'
)

select month, fixmedins_code, drg, 'uplift ' || cast(uplift as varchar) || ' of grade ' || grade || ' is above ' || coalesce(cast(ceiling as varchar), 'no known ceiling') as fault
from listed
where uplift > ceiling or known_grade is null
union all
select month, fixmedins_code, string_agg(drg, ', ' order by drg) as drg, 'more groups with a key-specialty uplift than ' || cast(specialty_groups_per_hospital as varchar) as fault
from listed
where counted
group by month, fixmedins_code, specialty_groups_per_hospital
having count(distinct drg) > specialty_groups_per_hospital
union all
select l.month, l.fixmedins_code, l.drg, 'an uplift for a basic group' as fault
from listed as l
inner join reference.basic_group as b
    on b.drg = l.drg
    and b.valid_from <= make_date(cast(left(l.month, 4) as integer), 1, 1)
    and (b.valid_to is null or b.valid_to >= make_date(cast(left(l.month, 4) as integer), 1, 1))
