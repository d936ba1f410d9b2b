/*---
describe: >-
  Cells of reference files that name a claim which no delivery has brought, a group which no claim was given and no
  scheme has, or a hospital without a row in hospital.csv: their rows have no effect until it is known.
grain: [file, line, column_name]
partition: none
nullable: [near]
---*/
with everything as (
    select 'claim' as thing, setl_id as value
    from claims.version_index
    union all
    select 'hospital' as thing, fixmedins_code as value
    from reference.hospital
    union all
    select 'group' as thing, drg_code as value
    from landing.drginfo
    union all
    select 'group' as thing, drg as value
    from scheme.drg
),

known as (
    -- Of all claims only those that are named: there are few.
    select distinct e.thing, e.value
    from everything as e
    semi join reference.mention as m on m.thing = e.thing and m.value = e.value
),

unknown as (
    select m.file, m.line, m.column_name, m.thing, m.value
    from reference.mention as m
    anti join known as k on k.thing = m.thing and k.value = m.value
),

spelt as (
    -- What differs by case or spaces alone.
    select u.file, u.line, u.column_name, min(e.value) as near
    from everything as e
    inner join unknown as u on u.thing = e.thing and upper(replace(u.value, ' ', '')) = upper(replace(e.value, ' ', ''))
    group by u.file, u.line, u.column_name
)

select u.file, u.line, u.column_name, u.thing, u.value, s.near
from unknown as u
left join spelt as s on s.file = u.file and s.line = u.line and s.column_name = u.column_name
