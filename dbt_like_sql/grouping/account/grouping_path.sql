/*---
describe: >-
  Why each case got its group, in ordered steps: the input check that failed, each MDC whose gate holds up to the one
  that took the case, the alternative of the ADRG with the codes that met it, every MCC and CC with what excludes it,
  the splits of the ADRG up to the one met, and the result. `holds` says whether the rule's row is fulfilled, negation
  included; `codes` are those of the case that the row found.
law: [JY-10]
---*/
with wanted as materialized (
    select
        row_number() over (order by c.month, c.setl_id, c.dcla_time, c.scheme) as case_no,
        c.month,
        c.setl_id,
        c.dcla_time,
        c.scheme,
        c.mdc,
        c.adrg,
        c.drg,
        c.status,
        c.retried_procedure,
        c.reason,
        l.mdc_alternative,
        l.adrg_alternative,
        l.drg_alternative,
        l.adrg as adrg_taken,
        m.evaluation_order as mdc_order,
        r.sex,
        r.age_years,
        r.age_days,
        r.newborn_weight_g,
        r.los_days,
        r.discharge_disposition,
        r.department,
        r.icu_hours,
        r.principal_diagnosis,
        r.other_diagnoses,
        -- A procedure that was tried alone is the whole list.
        case
            when c.retried_procedure is null then r.principal_procedure
            else r.other_procedures[c.retried_procedure - 1]
        end as principal_procedure,
        case when c.retried_procedure is null then r.other_procedures else cast([] as varchar[]) end as other_procedures
    from grouping.scheme_case as c
    inner join grouping.record as r on r.month = c.month and r.setl_id = c.setl_id and r.dcla_time = c.dcla_time
    left join grouping.leaf as l on l.scheme = c.scheme and l.leaf = c.leaf
    left join scheme.mdc as m on m.scheme = l.scheme and m.mdc = l.mdc
),

code as materialized (
    select case_no, scheme, 'diagnosis' as kind, 1 as place, principal_diagnosis as code
    from wanted
    where status <> 'invalid_input' and principal_diagnosis is not null
    union all
    select case_no, scheme, 'procedure', 1, principal_procedure
    from wanted
    where status <> 'invalid_input' and principal_procedure is not null
    union all
    select case_no, scheme, 'diagnosis', unnest(range(2, len(other_diagnoses) + 2)), unnest(other_diagnoses)
    from wanted
    where status <> 'invalid_input'
    union all
    select case_no, scheme, 'procedure', unnest(range(2, len(other_procedures) + 2)), unnest(other_procedures)
    from wanted
    where status <> 'invalid_input'
),

-- Which codes of a list a predicate looks at.
look as (
    select * from (values
        ('principal_diagnosis_in', 'diagnosis', true, false),
        ('any_diagnosis_in', 'diagnosis', true, true),
        ('other_diagnosis_in', 'diagnosis', false, true),
        ('principal_procedure_in', 'procedure', true, false),
        ('any_procedure_in', 'procedure', true, true),
        ('other_procedure_in', 'procedure', false, true)
    ) as look(predicate, kind, at_first, at_further)
),

rule as materialized (
    select *, row_number() over (
        order by scheme, kind, adrg, owner, alternative, predicate, negated, code_set, min_value, max_value, value
    ) as rule_no
    from (
        select
            scheme, 'mdc' as kind, cast(null as varchar) as adrg, mdc as owner,
            alternative, predicate, negated, code_set, min_value, max_value, value
        from scheme.mdc_rule
        union
        select scheme, 'adrg', adrg, adrg, alternative, predicate, negated, code_set, min_value, max_value, value
        from scheme.adrg_rule
        union
        select scheme, 'drg', adrg, drg, alternative, predicate, negated, code_set, min_value, max_value, value
        from scheme.drg_rule
    )
    where scheme in (select scheme from wanted)
),

-- A gate's alternative can hold only for cases with a code of its anchor; one without an anchor is asked of all.
anchor as (
    select
        r.scheme,
        r.owner,
        r.alternative,
        arg_min(r.rule_no, case when r.predicate = 'principal_diagnosis_in' then 0 else 1 end)
            filter (where not r.negated and k.predicate is not null) as rule_no
    from rule as r
    left join look as k on k.predicate = r.predicate
    where r.kind = 'mdc'
    group by r.scheme, r.owner, r.alternative
),

candidate as (
    select c.case_no, a.scheme, a.owner, a.alternative
    from anchor as a
    inner join rule as r on r.rule_no = a.rule_no
    inner join look as k on k.predicate = r.predicate
    inner join scheme.code_set as s on s.scheme = r.scheme and s.set_id = r.code_set
    inner join code as c
        on c.scheme = s.scheme and c.code = s.code and c.kind = k.kind
        and case when c.place = 1 then k.at_first else k.at_further end
    union
    select w.case_no, a.scheme, a.owner, a.alternative
    from anchor as a
    inner join wanted as w on w.scheme = a.scheme and w.status <> 'invalid_input'
    where a.rule_no is null
),

-- The rows of rules that a case's answer rests on.
asked as materialized (
    select c.case_no, m.evaluation_order as place, r.*
    from candidate as c
    inner join wanted as w on w.case_no = c.case_no
    inner join scheme.mdc as m
        on m.scheme = c.scheme and m.mdc = c.owner and (w.mdc_order is null or m.evaluation_order <= w.mdc_order)
    inner join rule as r
        on r.scheme = c.scheme and r.kind = 'mdc' and r.owner = c.owner and r.alternative = c.alternative
    union all
    select w.case_no, 1, r.*
    from wanted as w
    inner join rule as r
        on r.scheme = w.scheme and r.kind = 'adrg' and r.owner = w.adrg_taken and r.alternative = w.adrg_alternative
    union all
    select w.case_no, d.evaluation_order, r.*
    from wanted as w
    inner join scheme.drg as t on t.scheme = w.scheme and t.adrg = w.adrg and t.drg = w.drg
    inner join scheme.drg as d
        on d.scheme = t.scheme and d.adrg = t.adrg and d.evaluation_order <= t.evaluation_order
    inner join rule as r
        on r.scheme = d.scheme and r.kind = 'drg' and r.adrg = d.adrg and r.owner = d.drg
        and (d.drg <> w.drg or r.alternative = w.drg_alternative)
    where w.status = 'grouped'
),

complication as materialized (
    select
        c.case_no,
        m.kind,
        'has_' || m.kind as predicate,
        c.code,
        m.exclusion_table,
        coalesce(x.exclusion_table = m.exclusion_table, false) as is_excluded,
        min(c.place) as place
    from code as c
    inner join (
        select scheme, 'mcc' as kind, code, exclusion_table from scheme.mcc
        union all
        select scheme, 'cc' as kind, code, exclusion_table from scheme.cc
    ) as m on m.scheme = c.scheme and m.code = c.code
    inner join wanted as w on w.case_no = c.case_no
    left join scheme.cc_exclusion as x on x.scheme = w.scheme and x.principal_diagnosis = w.principal_diagnosis
    where c.kind = 'diagnosis' and c.place > 1
    group by all
),

-- The codes of the case that a row of a rule finds, each once.
found as (
    select a.case_no, a.rule_no, c.code, cast(null as varchar) as class, min(c.place) as place
    from asked as a
    inner join look as k on k.predicate = a.predicate
    inner join code as c
        on c.case_no = a.case_no and c.kind = k.kind and case when c.place = 1 then k.at_first else k.at_further end
    inner join scheme.code_set as s on s.scheme = a.scheme and s.set_id = a.code_set and s.code = c.code
    group by all
    union all
    select a.case_no, a.rule_no, c.code, s.class, min(c.place)
    from asked as a
    inner join code as c on c.case_no = a.case_no and c.kind = 'diagnosis'
    inner join scheme.code_class as s
        on s.scheme = a.scheme and s.set_id = a.code_set and s.code = c.code and s.class is not null
    where a.predicate = 'any_diagnosis_class_count'
    group by all
    union all
    select a.case_no, a.rule_no, c.code, null, c.place
    from asked as a
    inner join complication as c on c.case_no = a.case_no and c.predicate = a.predicate and not c.is_excluded
),

listed as (
    select
        case_no,
        rule_no,
        list_transform(ordered, lambda one: one.code) as codes,
        len(list_distinct(list_transform(ordered, lambda one: one.class))) as classes,
        array_to_string(list_transform(ordered, lambda one: one.code || ' (' || one.class || ')'), ', ') as with_classes
    from (
        select case_no, rule_no, list_sort(list({'place': place, 'code': code, 'class': class})) as ordered
        from found
        group by case_no, rule_no
    )
),

valued as (
    select
        a.*,
        coalesce(l.codes, cast([] as varchar[])) as codes,
        coalesce(l.classes, 0) as classes,
        case when a.predicate = 'any_diagnosis_class_count' then l.with_classes end as with_classes,
        case a.predicate
            when 'age_years' then w.age_years
            when 'age_days' then w.age_days
            when 'newborn_weight_g' then w.newborn_weight_g
            when 'los_days' then w.los_days
            when 'icu_hours' then w.icu_hours
        end as number,
        case a.predicate
            when 'sex' then w.sex
            when 'department' then w.department
            when 'discharge_disposition' then w.discharge_disposition
        end as word,
        a.predicate in ('age_years', 'age_days', 'newborn_weight_g', 'los_days', 'icu_hours') as by_number,
        a.predicate in ('sex', 'department', 'discharge_disposition') as by_word
    from asked as a
    inner join wanted as w on w.case_no = a.case_no
    left join listed as l on l.case_no = a.case_no and l.rule_no = a.rule_no
),

judged as materialized (
    select
        *,
        case
            when predicate = 'always' then true
            when predicate = 'any_diagnosis_class_count' then classes >= min_value
            when by_number
                then
                    number is not null
                    and (min_value is null or number >= min_value)
                    and (max_value is null or number < max_value)
            when by_word then coalesce(list_contains(string_split(value, '|'), word), false)
            else len(codes) > 0
        end <> negated as holds,
        case
            when predicate = 'any_diagnosis_class_count' then code_set || ' >= ' || min_value
            when by_number then '[' || coalesce(cast(min_value as varchar), '') || ', ' || coalesce(cast(max_value as varchar), '') || ')'
            when by_word then value
            else code_set
        end as criterion,
        case
            when by_number then coalesce(cast(number as varchar), 'missing')
            when by_word then coalesce(word, 'missing')
            else with_classes
        end as note
    from valued
),

-- Of a gate, an alternative that holds; the first one, as in the search.
gate as (
    select case_no, owner, min(alternative) as alternative
    from (
        select case_no, owner, alternative from judged where kind = 'mdc' group by case_no, owner, alternative having bool_and(holds)
    )
    group by case_no, owner
),

step as (
    select
        case_no, 'a' as section, 0 as place, 0 as within, 'input' as kind, cast(null as varchar) as subject,
        cast(null as bigint) as alternative, cast(null as varchar) as predicate, cast(null as boolean) as negated,
        cast(null as varchar) as criterion, false as holds, cast([] as varchar[]) as codes, reason as note
    from wanted
    where status = 'invalid_input'

    union all
    select
        case_no, 'b', 0, 0, 'retry', principal_procedure, null, null, null, null, true, [principal_procedure],
        'the whole list finds no group; procedure ' || retried_procedure || ' alone does'
    from wanted
    where retried_procedure is not null

    union all
    select
        w.case_no, 'b', 0, 0, 'retry', null, null, null, null, null, false, [], 'no further procedure alone finds a group'
    from wanted as w
    inner join scheme.scheme as s on s.scheme = w.scheme and s.retry_with_each_other_procedure
    where w.status = 'ungrouped' and len(w.other_procedures) > 0

    union all
    select
        j.case_no, 'c', j.place, j.rule_no, 'mdc', j.owner, j.alternative, j.predicate, j.negated, j.criterion,
        j.holds, j.codes, j.note
    from judged as j
    inner join gate as g on g.case_no = j.case_no and g.owner = j.owner and g.alternative = j.alternative
    where j.kind = 'mdc'

    union all
    select
        w.case_no, 'c', m.evaluation_order, null, 'passed', g.owner, null, null, null, null, false, [],
        'its gate holds, but none of its ADRGs takes the case'
    from gate as g
    inner join wanted as w on w.case_no = g.case_no and w.mdc <> g.owner
    inner join scheme.mdc as m on m.scheme = w.scheme and m.mdc = g.owner

    union all
    select w.case_no, 'c', 0, 0, 'passed', null, null, null, null, null, false, [], 'the gate of no MDC holds'
    from wanted as w
    left join gate as g on g.case_no = w.case_no
    where w.status = 'ungrouped' and g.case_no is null

    union all
    select
        case_no, 'd', place, rule_no, 'adrg', owner, alternative, predicate, negated, criterion, holds, codes, note
    from judged
    where kind = 'adrg'

    union all
    select
        c.case_no,
        'e',
        c.place,
        case c.kind when 'mcc' then 0 else 1 end,
        c.kind,
        c.code,
        null,
        null,
        null,
        c.exclusion_table,
        not c.is_excluded,
        [c.code],
        case when c.is_excluded then 'excluded by ' || w.principal_diagnosis || ' through table ' || c.exclusion_table end
    from complication as c
    inner join wanted as w on w.case_no = c.case_no and w.status = 'grouped'

    union all
    select
        case_no, 'f', place, rule_no, 'drg', owner, alternative, predicate, negated, criterion, holds, codes, note
    from judged
    where kind = 'drg'

    union all
    select
        w.case_no, 'f', d.evaluation_order, 0, 'drg', d.drg, null, null, null, null, false, [], 'it has no rule'
    from wanted as w
    inner join scheme.drg as t on t.scheme = w.scheme and t.adrg = w.adrg and t.drg = w.drg
    inner join scheme.drg as d on d.scheme = t.scheme and d.adrg = t.adrg and d.evaluation_order < t.evaluation_order
    left join rule as r on r.scheme = d.scheme and r.kind = 'drg' and r.adrg = d.adrg and r.owner = d.drg
    where w.status = 'grouped' and r.rule_no is null

    union all
    select
        case_no, 'g', 0, 0, 'result', drg, null, null, null, null, status = 'grouped', [],
        mdc || ' ' || adrg || ' ' || drg || ' ' || status
    from wanted
)

select
    w.month,
    w.setl_id,
    w.dcla_time,
    w.scheme,
    cast(row_number() over (
        partition by s.case_no
        order by s.section, s.place, s.within nulls last, s.kind, s.subject
    ) as integer) as step,
    s.kind,
    s.subject,
    s.alternative,
    s.predicate,
    s.negated,
    s.criterion,
    s.holds,
    s.codes,
    s.note,
    case
        when s.kind in ('input', 'retry', 'result') then s.kind || ': ' || s.note
        when s.kind = 'passed' then coalesce(s.subject || ' passed: ', '') || s.note
        when s.kind in ('mcc', 'cc') then upper(s.kind) || ' ' || s.subject || coalesce(' ' || s.note, ' counts')
        when s.predicate is null then s.subject || ': ' || s.note
        else
            s.subject || '[' || s.alternative || '] '
            || case when s.negated then 'not ' else '' end || s.predicate || coalesce(' ' || s.criterion, '')
            || case
                when s.note is not null then ': ' || s.note
                when len(s.codes) > 0 then ': ' || array_to_string(s.codes, ', ')
                when s.predicate = 'always' then ''
                else ': none'
            end
            || case when s.holds then '' else ' - fails' end
    end as words
from step as s
inner join wanted as w on w.case_no = s.case_no
