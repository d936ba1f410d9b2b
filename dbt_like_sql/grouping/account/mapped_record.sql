/*---
describe: >-
  Records with their codes replaced by those that the scheme's code maps give. A code that a map gives no code for
  is left out. A record with a code that is in no map, or whose principal diagnosis has no code, is refused with the
  reason; its codes stay as they were.
law: [JY-10]
---*/
with wanted as (
    select r.*, g.scheme
    from grouping.record as r
    inner join policy.grouping as g on g.month = r.month
),

code as (
    select record_no, month, scheme, 'diagnosis' as kind, 1 as place, principal_diagnosis as source
    from wanted
    where principal_diagnosis is not null
    union all
    select record_no, month, scheme, 'procedure', 1, principal_procedure
    from wanted
    where principal_procedure is not null
    union all
    select
        record_no, month, scheme, 'diagnosis',
        unnest(range(1, len(other_diagnoses) + 1)) + 1, unnest(other_diagnoses)
    from wanted
    union all
    select
        record_no, month, scheme, 'procedure',
        unnest(range(1, len(other_procedures) + 1)) + 1, unnest(other_procedures)
    from wanted
),

map as (
    select scheme, 'diagnosis' as kind, source_code, code from scheme.diagnosis_map
    union all
    select scheme, 'procedure' as kind, source_code, code from scheme.procedure_map
),

mapped as (
    select
        c.month,
        c.record_no,
        c.kind,
        c.place,
        nullif(m.code, '-') as code,
        case
            when m.source_code is null then c.kind || ' ' || coalesce(c.source, '') || ' is not in the code map'
            when c.kind = 'diagnosis' and c.place = 1 and m.code = '-'
                then 'principal diagnosis ' || c.source || ' has no code in the scheme'
        end as reason
    from code as c
    left join map as m on m.scheme = c.scheme and m.kind = c.kind and m.source_code = c.source
),

whole as (
    select
        month,
        record_no,
        coalesce(list(code order by place) filter (where kind = 'diagnosis' and code is not null), []) as diagnoses,
        coalesce(list(code order by place) filter (where kind = 'procedure' and code is not null), []) as procedures,
        coalesce(bool_or(kind = 'diagnosis' and place = 1), false) as has_principal,
        string_agg(reason, '; ' order by kind, place) as reason
    from mapped
    group by month, record_no
)

select
    r.month,
    r.setl_id,
    r.dcla_time,
    r.record_no,
    r.sex,
    r.age_years,
    r.age_days,
    r.newborn_weight_g,
    r.los_days,
    r.discharge_disposition,
    r.department,
    r.icu_hours,
    case
        when m.reason is not null then r.principal_diagnosis
        when m.has_principal then m.diagnoses[1]
    end as principal_diagnosis,
    case
        when m.reason is not null then r.other_diagnoses
        when m.has_principal then m.diagnoses[2:]
        else coalesce(m.diagnoses, [])
    end as other_diagnoses,
    case when m.reason is not null then r.principal_procedure else m.procedures[1] end as principal_procedure,
    case when m.reason is not null then r.other_procedures else coalesce(m.procedures[2:], []) end as other_procedures,
    m.reason
from grouping.record as r
left join whole as m on m.month = r.month and m.record_no = r.record_no
