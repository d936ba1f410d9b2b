/*---
describe: >-
  The group of each of `record_to_group` (a record with its period) under the scheme of its period in `bound_period`.
  A case's answers to the rules leave some leaves of the scheme open, one bit a leaf; the least of them is its group.
  Cases that answer alike are decided once.
law: [JY-10, SD-17, GD-12]
---*/
with wanted as (
    select
        period,
        scheme,
        dense_rank() over (order by scheme) as scheme_no,
        row_number() over (order by period) as wanted_no
    from bound_period
),

bound_scheme as (
    select
        w.scheme,
        w.scheme_no,
        no_bits(coalesce((select max(f.places) from grouping.fact as f where f.scheme = w.scheme), 1)) as no_facts,
        max(f.entries) filter (where f.field = 'sex') as sex_entries,
        max(f.entries) filter (where f.field = 'discharge_disposition') as discharge_disposition_entries,
        max(f.entries) filter (where f.field = 'department') as department_entries,
        max(f.bounds) filter (where f.field = 'age_years') as age_years_bounds,
        max(f.bounds) filter (where f.field = 'age_days') as age_days_bounds,
        max(f.bounds) filter (where f.field = 'newborn_weight_g') as newborn_weight_g_bounds,
        max(f.bounds) filter (where f.field = 'los_days') as los_days_bounds,
        max(f.bounds) filter (where f.field = 'icu_hours') as icu_hours_bounds
    from (select distinct scheme, scheme_no from wanted) as w
    left join grouping.field as f on f.scheme = w.scheme
    group by w.scheme, w.scheme_no
),

-- Each record is a case with a number of its own.
numbered as not materialized (
    select
        w.wanted_no * 100000000000000 + r.record_no as case_no,
        cast(0 as bigint) as retried,
        w.wanted_no,
        w.scheme,
        w.scheme_no,
        r.*
    from record_to_group as r
    inner join wanted as w on w.period = r.period
),

-- Where the scheme says so, a case without a group is tried again with each further procedure alone: as if that were
-- another case.
retrial as not materialized (
    select n.* exclude (nth) replace (
        n.case_no + n.nth * 100000000 as case_no,
        n.nth as retried,
        n.other_procedures[n.nth] as principal_procedure
    )
    from (
        select n.*, unnest(range(1, len(n.other_procedures) + 1)) as nth
        from numbered as n
        inner join scheme.scheme as s on s.scheme = n.scheme and s.retry_with_each_other_procedure
    ) as n
),

patient as not materialized (
    select * from numbered
    union all
    select * from retrial
),

other_diagnosis as not materialized (
    select case_no, scheme_no, unnest(other_diagnoses) as code from patient
),

other_procedure as not materialized (
    select case_no, scheme_no, unnest(other_procedures) as code from numbered
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
    inner join bound_scheme as n on n.scheme = c.scheme
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
        from other_diagnosis as e
        inner join known_code as c on c.code = e.code and c.scheme_no = e.scheme_no and c.kind = 'diagnosis'
        where c.mcc is not null or c.cc is not null or c.further_facts is not null
        union all
        select e.case_no, c.further_facts, null, null
        from other_procedure as e
        inner join known_code as c on c.code = e.code and c.scheme_no = e.scheme_no and c.kind = 'procedure'
        where c.further_facts is not null
    )
    group by case_no
),

answered as (
    select
        a.case_no,
        a.retried,
        a.wanted_no,
        a.setl_id,
        a.dcla_time,
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
        coalesce(d.first_facts, n.no_facts) | coalesce(p.first_facts, n.no_facts) | coalesce(f.facts, n.no_facts) as facts,
        coalesce(f.least_mcc <> d.excluded or f.greatest_mcc <> d.excluded, f.least_mcc is not null) as has_mcc,
        coalesce(f.least_cc <> d.excluded or f.greatest_cc <> d.excluded, f.least_cc is not null) as has_cc,
        entry_place(n.sex_entries, a.sex) as sex,
        entry_place(n.discharge_disposition_entries, a.discharge_disposition) as discharge_disposition,
        entry_place(n.department_entries, a.department) as department,
        band(n.age_years_bounds, a.age_years) as age_years,
        band(n.age_days_bounds, a.age_days) as age_days,
        band(n.newborn_weight_g_bounds, a.newborn_weight_g) as newborn_weight_g,
        band(n.los_days_bounds, a.los_days) as los_days,
        band(n.icu_hours_bounds, a.icu_hours) as icu_hours
    from patient as a
    inner join bound_scheme as n on n.scheme_no = a.scheme_no
    left join known_code as d
        on d.code = a.principal_diagnosis and d.scheme_no = a.scheme_no and d.kind = 'diagnosis'
    left join known_code as p
        on p.code = a.principal_procedure and p.scheme_no = a.scheme_no and p.kind = 'procedure'
    left join further as f on f.case_no = a.case_no
),

class_open as materialized (
    select n.scheme_no, c.kind, c.class, cast(c.open_leaves as bit) as open_leaves
    from grouping.code_class as c
    inner join bound_scheme as n on n.scheme = c.scheme
),

pair as (
    select s.scheme_no, s.diagnosis_class, s.procedure_class, d.open_leaves & p.open_leaves as open_leaves
    from (select distinct scheme_no, diagnosis_class, procedure_class from answered where invalid is null) as s
    left join class_open as d
        on d.scheme_no = s.scheme_no and d.kind = 'diagnosis' and d.class = s.diagnosis_class
    left join class_open as p
        on p.scheme_no = s.scheme_no and p.kind = 'procedure' and p.class = s.procedure_class
),

-- Many pairs of classes leave the same leaves open.
opening as (
    select scheme_no, open_leaves, bits_set(open_leaves) as leaves, row_number() over () as opening_no
    from (select distinct scheme_no, open_leaves from pair)
),

opened as (
    select p.scheme_no, p.diagnosis_class, p.procedure_class, o.opening_no
    from pair as p
    left join opening as o on o.scheme_no = p.scheme_no and o.open_leaves = p.open_leaves
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

asked_fact as (
    select p.scheme, p.predicate_no, bit_or(one_bit(f.places, f.place)) as facts
    from grouping.predicate as p
    inner join grouping.fact as f
        on f.scheme = p.scheme
        and f.code_set = p.code_set
        and case
            when p.predicate = 'any_diagnosis_class_count' then f.list = 'any_diagnosis' and f.class is not null
            else f.list || '_in' = p.predicate and f.class is null
        end
    group by p.scheme, p.predicate_no
),

question as (
    select
        n.scheme_no,
        p.predicate,
        g.facts,
        case when p.predicate = 'any_diagnosis_class_count' then p.min_value else 1 end as at_least,
        coalesce(list_position(f.bounds, p.min_value), 0) as first_band,
        list_position(f.bounds, p.max_value) as band_after,
        list_transform(string_split(p.value, '|'), lambda entry: list_position(f.entries, entry)) as places,
        cast(p.when_true as bit) as when_true,
        cast(p.when_false as bit) as when_false
    from grouping.predicate as p
    inner join bound_scheme as n on n.scheme = p.scheme
    left join grouping.field as f on f.scheme = p.scheme and f.field = p.predicate
    left join asked_fact as g on g.scheme = p.scheme and g.predicate_no = p.predicate_no
    where p.predicate not in ('principal_diagnosis_in', 'principal_procedure_in')
),

rest_open as (
    select
        r.rest_no,
        bit_and(
            case
                when
                    case q.predicate
                        when 'always' then true
                        when 'has_mcc' then r.has_mcc
                        when 'has_cc' then r.has_cc
                        when 'sex' then coalesce(list_contains(q.places, r.sex), false)
                        when 'discharge_disposition' then coalesce(list_contains(q.places, r.discharge_disposition), false)
                        when 'department' then coalesce(list_contains(q.places, r.department), false)
                        when 'age_years' then in_bands(r.age_years, q.first_band, q.band_after)
                        when 'age_days' then in_bands(r.age_days, q.first_band, q.band_after)
                        when 'newborn_weight_g' then in_bands(r.newborn_weight_g, q.first_band, q.band_after)
                        when 'los_days' then in_bands(r.los_days, q.first_band, q.band_after)
                        when 'icu_hours' then in_bands(r.icu_hours, q.first_band, q.band_after)
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

placed as (
    select
        a.case_no, a.retried, a.wanted_no, a.setl_id, a.dcla_time, a.invalid, o.opening_no, r.rest_no
    from answered as a
    left join opened as o
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
        case
            when r.open_leaves is null then o.leaves[1]
            else list_filter(o.leaves, lambda leaf: bit_at(r.open_leaves, leaf))[1]
        end as leaf
    from (select distinct opening_no, rest_no from placed where invalid is null) as d
    left join opening as o on o.opening_no = d.opening_no
    left join rest_open as r on r.rest_no = d.rest_no
),

found as not materialized (
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
    w.period,
    f.setl_id,
    f.dcla_time,
    w.scheme,
    coalesce(l.mdc, '0000') as mdc,
    case when l.status = 'ambiguous' then 'QY' else coalesce(l.adrg, '00') end as adrg,
    coalesce(l.drg, '0000') as drg,
    case when f.invalid is not null then 'invalid_input' else coalesce(l.status, 'ungrouped') end as status,
    l.leaf,
    -- Its place in the list: the first one is never tried alone.
    case when f.leaf is null and f.invalid is null then cast(t.retried + 1 as integer) end as retried_procedure,
    f.invalid as reason
from found as f
inner join wanted as w on w.wanted_no = f.wanted_no
left join retry as t on t.case_no = f.case_no
left join grouping.leaf as l
    on l.scheme = w.scheme and l.leaf = case when f.invalid is null then coalesce(f.leaf, t.leaf) end
where f.retried = 0
