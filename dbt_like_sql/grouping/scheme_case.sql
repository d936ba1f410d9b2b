/*---
describe: >-
  The group of every claim version under the scheme that binds its month. A case's answers to the rules leave some
  leaves of the scheme open, one bit a leaf; the least of them is its group. Cases that answer alike are decided
  once.
grain: [month, setl_id, dcla_time]
partition: month
nullable: [leaf, retried_procedure, reason]
law: [JY-10]
---*/
with wanted as (
    select
        month,
        scheme,
        dense_rank() over (order by scheme) as scheme_no,
        row_number() over (order by month) as wanted_no
    from policy.grouping
    where scheme is not null
),

scheme_number as (
    select w.scheme, w.scheme_no, no_bits(coalesce(max(f.places), 1)) as no_facts
    from wanted as w
    left join grouping.fact as f on f.scheme = w.scheme
    group by w.scheme, w.scheme_no
),

-- Each record is a case with a number of its own.
numbered as not materialized (
    select w.wanted_no * 100000000000000 + r.record_no as case_no, w.scheme_no, n.no_facts, w.scheme, r.*
    from grouping.record as r
    inner join wanted as w on w.month = r.month
    inner join scheme_number as n on n.scheme_no = w.scheme_no
),

-- Where the scheme says so, a case without a group is tried again with each further procedure alone.
attempt as not materialized (
    select * exclude (record_no), 0 as retried from numbered
    union all
    select
        * exclude (record_no, retried)
        replace (
            case_no + retried * 100000000 as case_no,
            other_procedures[retried] as principal_procedure,
            cast([] as varchar[]) as other_procedures
        ),
        retried
    from (
        select n.*, unnest(range(1, len(n.other_procedures) + 1)) as retried
        from numbered as n
        inner join scheme.scheme as s on s.scheme = n.scheme and s.retry_with_each_other_procedure
    )
),

known_code as (
    select
        n.scheme_no,
        c.kind,
        c.code,
        c.class,
        cast(c.first_facts as bit) as first_facts,
        cast(c.further_facts as bit) as further_facts,
        c.mcc,
        c.cc,
        c.excluded
    from grouping.code as c
    inner join scheme_number as n on n.scheme = c.scheme
),

-- What the codes from the second on show: facts, and labels of MCC and CC. A label that the principal diagnosis
-- excludes does not count, so one that differs has to be among them.
further as (
    select
        case_no,
        bit_or(further_facts) as facts,
        min(mcc) as least_mcc,
        max(mcc) as greatest_mcc,
        min(cc) as least_cc,
        max(cc) as greatest_cc
    from (
        select e.case_no, c.further_facts, c.mcc, c.cc
        from (select case_no, scheme_no, unnest(other_diagnoses) as code from attempt) as e
        inner join known_code as c on c.code = e.code and c.scheme_no = e.scheme_no and c.kind = 'diagnosis'
        where c.mcc is not null or c.cc is not null or c.further_facts is not null
        union all
        select e.case_no, c.further_facts, null, null
        from (select case_no, scheme_no, unnest(other_procedures) as code from attempt) as e
        inner join known_code as c on c.code = e.code and c.scheme_no = e.scheme_no and c.kind = 'procedure'
        where c.further_facts is not null
    )
    group by case_no
),

-- The values of the fields that rules look at, and the leaves that each leaves open.
field_value as (
    select distinct scheme_no, 'sex' as field, sex as text_value, cast(null as bigint) as number_value from attempt
    union all
    select distinct scheme_no, 'discharge_disposition', discharge_disposition, null from attempt
    union all
    select distinct scheme_no, 'department', department, null from attempt
    union all
    select distinct scheme_no, 'age_years', null, age_years from attempt
    union all
    select distinct scheme_no, 'age_days', null, age_days from attempt
    union all
    select distinct scheme_no, 'newborn_weight_g', null, newborn_weight_g from attempt
    union all
    select distinct scheme_no, 'los_days', null, los_days from attempt
    union all
    select distinct scheme_no, 'icu_hours', null, icu_hours from attempt
),

field_answer as (
    select
        v.scheme_no,
        v.field,
        v.text_value,
        v.number_value,
        bit_and(
            case
                when
                    case
                        when p.value is null
                            then
                                v.number_value is not null
                                and (p.min_value is null or v.number_value >= p.min_value)
                                and (p.max_value is null or v.number_value < p.max_value)
                        else coalesce(list_contains(string_split(p.value, '|'), v.text_value), false)
                    end
                    then cast(p.when_true as bit)
                else cast(p.when_false as bit)
            end
        ) as open_leaves
    from field_value as v
    inner join scheme_number as n on n.scheme_no = v.scheme_no
    inner join grouping.predicate as p on p.scheme = n.scheme and p.predicate = v.field
    group by v.scheme_no, v.field, v.text_value, v.number_value
),

field as (
    select *, cast(dense_rank() over (order by scheme_no, field, open_leaves) as integer) as answer
    from field_answer
),

field_open as (
    select distinct answer, open_leaves from field
),

answered as (
    select
        a.case_no,
        a.retried,
        a.month,
        a.setl_id,
        a.dcla_time,
        a.scheme,
        a.scheme_no,
        case
            when a.sex is null or a.sex not in ('1', '2') then 'sex is neither 1 nor 2'
            when a.age_years is null then 'age_years is missing'
            when a.age_years = 0 and a.age_days is null then 'age_days is missing for age_years 0'
            when a.age_years = 0 and a.age_days <= newborn_days() and a.newborn_weight_g is null
                then 'newborn_weight_g is missing for a new-born'
        end as invalid,
        coalesce(d.class, 0) as diagnosis_class,
        coalesce(p.class, 0) as procedure_class,
        coalesce(d.first_facts, a.no_facts) | coalesce(p.first_facts, a.no_facts) | coalesce(f.facts, a.no_facts) as facts,
        coalesce(f.least_mcc <> d.excluded or f.greatest_mcc <> d.excluded, f.least_mcc is not null) as has_mcc,
        coalesce(f.least_cc <> d.excluded or f.greatest_cc <> d.excluded, f.least_cc is not null) as has_cc,
        coalesce(fs.answer, 0) as sex,
        coalesce(fd.answer, 0) as discharge_disposition,
        coalesce(fp.answer, 0) as department,
        coalesce(fy.answer, 0) as age_years,
        coalesce(fa.answer, 0) as age_days,
        coalesce(fw.answer, 0) as newborn_weight_g,
        coalesce(fl.answer, 0) as los_days,
        coalesce(fi.answer, 0) as icu_hours
    from attempt as a
    left join known_code as d
        on d.code = a.principal_diagnosis and d.scheme_no = a.scheme_no and d.kind = 'diagnosis'
    left join known_code as p
        on p.code = a.principal_procedure and p.scheme_no = a.scheme_no and p.kind = 'procedure'
    left join further as f on f.case_no = a.case_no
    left join field as fs
        on fs.field = 'sex' and fs.scheme_no = a.scheme_no and fs.text_value is not distinct from a.sex
    left join field as fd
        on fd.field = 'discharge_disposition' and fd.scheme_no = a.scheme_no
        and fd.text_value is not distinct from a.discharge_disposition
    left join field as fp
        on fp.field = 'department' and fp.scheme_no = a.scheme_no and fp.text_value is not distinct from a.department
    left join field as fy
        on fy.field = 'age_years' and fy.scheme_no = a.scheme_no and fy.number_value is not distinct from a.age_years
    left join field as fa
        on fa.field = 'age_days' and fa.scheme_no = a.scheme_no and fa.number_value is not distinct from a.age_days
    left join field as fw
        on fw.field = 'newborn_weight_g' and fw.scheme_no = a.scheme_no
        and fw.number_value is not distinct from a.newborn_weight_g
    left join field as fl
        on fl.field = 'los_days' and fl.scheme_no = a.scheme_no and fl.number_value is not distinct from a.los_days
    left join field as fi
        on fi.field = 'icu_hours' and fi.scheme_no = a.scheme_no and fi.number_value is not distinct from a.icu_hours
),

class_open as materialized (
    select n.scheme_no, c.kind, c.class, cast(c.open_leaves as bit) as open_leaves
    from grouping.code_class as c
    inner join scheme_number as n on n.scheme = c.scheme
),

opening as (
    select
        s.scheme_no,
        s.diagnosis_class,
        s.procedure_class,
        d.open_leaves & p.open_leaves as open_leaves,
        dense_rank() over (order by s.scheme_no, d.open_leaves & p.open_leaves) as opening_no
    from (select distinct scheme_no, diagnosis_class, procedure_class from answered where invalid is null) as s
    left join class_open as d
        on d.scheme_no = s.scheme_no and d.kind = 'diagnosis' and d.class = s.diagnosis_class
    left join class_open as p
        on p.scheme_no = s.scheme_no and p.kind = 'procedure' and p.class = s.procedure_class
),

-- The places of the open leaves, once for all pairs of classes that leave the same ones open.
opening_leaf as (
    select opening_no, bits_set(any_value(open_leaves)) as leaves
    from opening
    group by opening_no
),

rest as (
    select *, row_number() over () as rest_no
    from (
        select distinct
            scheme_no, facts, has_mcc, has_cc,
            sex, discharge_disposition, department, age_years, age_days, newborn_weight_g, los_days, icu_hours
        from answered
        where invalid is null
    )
),

question as (
    select
        n.scheme_no,
        p.predicate_no,
        p.predicate,
        case when p.predicate = 'any_diagnosis_class_count' then p.min_value else 1 end as at_least,
        cast(p.when_true as bit) as when_true,
        cast(p.when_false as bit) as when_false,
        bit_or(one_bit(f.places, f.place)) as facts
    from grouping.predicate as p
    inner join scheme_number as n on n.scheme = p.scheme
    left join grouping.fact as f
        on f.scheme = p.scheme
        and f.code_set = p.code_set
        and case
            when p.predicate = 'any_diagnosis_class_count' then f.list = 'any_diagnosis' and f.class is not null
            else f.list || '_in' = p.predicate and f.class is null
        end
    where p.predicate in (
        'always', 'has_mcc', 'has_cc', 'any_diagnosis_in', 'other_diagnosis_in', 'any_procedure_in',
        'other_procedure_in', 'any_diagnosis_class_count'
    )
    group by all
),

shown as (
    select
        r.rest_no,
        bit_and(
            case
                when
                    case q.predicate
                        when 'always' then true
                        when 'has_mcc' then r.has_mcc
                        when 'has_cc' then r.has_cc
                        else coalesce(bit_count(q.facts & r.facts), 0) >= q.at_least
                    end
                    then q.when_true
                else q.when_false
            end
        ) as open_leaves
    from rest as r
    inner join question as q on q.scheme_no = r.scheme_no
    group by r.rest_no
),

rest_open as (
    select
        r.rest_no,
        z.every
            & coalesce(s.open_leaves, z.every)
            & coalesce(fs.open_leaves, z.every)
            & coalesce(fd.open_leaves, z.every)
            & coalesce(fp.open_leaves, z.every)
            & coalesce(fy.open_leaves, z.every)
            & coalesce(fa.open_leaves, z.every)
            & coalesce(fw.open_leaves, z.every)
            & coalesce(fl.open_leaves, z.every)
            & coalesce(fi.open_leaves, z.every) as open_leaves
    from rest as r
    inner join (
        select n.scheme_no, all_bits(max(l.leaf)) as every
        from scheme_number as n
        inner join grouping.leaf as l on l.scheme = n.scheme
        group by n.scheme_no
    ) as z on z.scheme_no = r.scheme_no
    left join shown as s on s.rest_no = r.rest_no
    left join field_open as fs on fs.answer = r.sex
    left join field_open as fd on fd.answer = r.discharge_disposition
    left join field_open as fp on fp.answer = r.department
    left join field_open as fy on fy.answer = r.age_years
    left join field_open as fa on fa.answer = r.age_days
    left join field_open as fw on fw.answer = r.newborn_weight_g
    left join field_open as fl on fl.answer = r.los_days
    left join field_open as fi on fi.answer = r.icu_hours
),

placed as (
    select
        a.case_no, a.retried, a.month, a.setl_id, a.dcla_time, a.scheme, a.scheme_no, a.invalid, o.opening_no, r.rest_no
    from answered as a
    left join opening as o
        on o.scheme_no = a.scheme_no and o.diagnosis_class = a.diagnosis_class and o.procedure_class = a.procedure_class
    left join rest as r
        on r.scheme_no = a.scheme_no
        and r.facts = a.facts
        and r.has_mcc = a.has_mcc
        and r.has_cc = a.has_cc
        and r.sex = a.sex
        and r.discharge_disposition = a.discharge_disposition
        and r.department = a.department
        and r.age_years = a.age_years
        and r.age_days = a.age_days
        and r.newborn_weight_g = a.newborn_weight_g
        and r.los_days = a.los_days
        and r.icu_hours = a.icu_hours
),

decided as (
    select
        d.opening_no,
        d.rest_no,
        list_filter(o.leaves, lambda leaf: bit_at(r.open_leaves, leaf))[1] as leaf
    from (select distinct opening_no, rest_no from placed where invalid is null) as d
    left join opening_leaf as o on o.opening_no = d.opening_no
    left join rest_open as r on r.rest_no = d.rest_no
),

found as (
    select p.*, case when p.invalid is null then d.leaf end as leaf
    from placed as p
    left join decided as d on d.opening_no = p.opening_no and d.rest_no = p.rest_no
),

-- The first procedure that finds a group where the whole list found none.
retry as (
    select case_no - retried * 100000000 as case_no, min(retried) as retried, arg_min(leaf, retried) as leaf
    from found
    where retried > 0 and leaf is not null
    group by case_no - retried * 100000000
)

select
    f.month,
    f.setl_id,
    f.dcla_time,
    f.scheme,
    coalesce(l.mdc, '0000') as mdc,
    case when l.status = 'ambiguous' then 'QY' else coalesce(l.adrg, '00') end as adrg,
    coalesce(l.drg, '0000') as drg,
    case when f.invalid is not null then 'invalid_input' else coalesce(l.status, 'ungrouped') end as status,
    l.leaf,
    -- Its place in the list: the first one is never tried alone.
    case when f.leaf is null and f.invalid is null then cast(t.retried + 1 as integer) end as retried_procedure,
    f.invalid as reason
from found as f
left join retry as t on t.case_no = f.case_no
left join grouping.leaf as l
    on l.scheme = f.scheme and l.leaf = case when f.invalid is null then coalesce(f.leaf, t.leaf) end
where f.retried = 0
