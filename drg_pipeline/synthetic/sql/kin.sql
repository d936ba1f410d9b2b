-- What claims take from every record and its group, and the records related to it: of another group of the MDC, for a
-- patient of the same sex whose age decides nothing there.
create or replace table known_recipe as
with able as (
    select
        r.* exclude (diagnoses, procedures, unknown_code, drg, variant, stage),
        len(r.diagnoses) as diagnoses, len(r.procedures) as procedures,
        g.number as group_number, g.drg, g.surgical, g.ln_cost, g.sigma, g.days, g.uneven, g.planned,
        g.single or r.days_from is not null as alone,
        g.usual and not alone as able
    from recipe as r
    inner join demo_group as g on g.drg = r.drg
),
related as (
    select
        a.recipe,
        list(b.recipe order by hash(a.recipe, b.recipe), b.recipe)[:getvariable('readmissions').relatives] as kin
    from able as a
    inner join able as b
        on b.mdc = a.mdc
        and b.sex = a.sex
        and b.group_number <> a.group_number
        and b.stretch_from <= a.years_from
        and b.stretch_to >= a.years_to
        and abs(b.years_from + b.years_to - a.years_from - a.years_to) <= 2 * getvariable('readmissions').age_within
    where a.able and b.able
    group by a.recipe
)
select a.* exclude (able, stretch_from, stretch_to, mdc), coalesce(r.kin, []) as kin
from able as a
left join related as r on r.recipe = a.recipe
order by a.recipe;
