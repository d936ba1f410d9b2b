/*---
describe: >-
  The clearing of each hospital in each pool, one row a line; the sum of its rows is what is still to be paid
  (or recovered). Zero lines are left out, `entitlement` excepted.
grain: [year, fixmedins_code, pool, line]
partition: year
sealed: true
nullable: [note]
law: [JY-33, JY-34, JY-35, JY-8, JY-32]
---*/
with deduction as (
    -- What a month deducted already is in what it paid less; the entitlement is whole, so each is due here once.
    select
        c.year,
        c.fixmedins_code,
        c.pool,
        sum(d.amount) as amount
    from clearing.annual_case as c
    inner join reference.review_deduction as d on d.setl_id = c.setl_id
    group by c.year, c.fixmedins_code, c.pool
),

line as (
    select
        year,
        fixmedins_code,
        pool,
        'entitlement' as line,                                                          -- law: JY-33-3
        entitlement as amount,
        cast(points as varchar) || ' points' as note
    from clearing.hospital_year
    union all
    select
        year,
        fixmedins_code,
        pool,
        'assessment_adjustment' as line,                                                -- law: JY-34
        cast(yuan_times(entitlement, assessment_coefficient - 1) as decimal(18, 2)) as amount,
        'coefficient ' || cast(assessment_coefficient as varchar) as note
    from clearing.hospital_year
    where entitlement > 0
    union all
    select
        year,
        fixmedins_code,
        pool,
        'over_cap' as line,                                                             -- law: JY-35-2
        cast(-over_cap as decimal(18, 2)) as amount,
        cast(null as varchar) as note
    from clearing.surplus
    union all
    select
        year,
        fixmedins_code,
        pool,
        'retention_withheld' as line,                                                   -- law: JY-35-4
        cast(-withheld as decimal(18, 2)) as amount,
        cast(null as varchar) as note
    from clearing.surplus
    union all
    select
        year,
        fixmedins_code,
        pool,
        'overspend_share' as line,                                                      -- law: JY-35-3
        shared as amount,
        'by the tiers ' || cast(tier_share as varchar) as note
    from clearing.overspend_share
    union all
    select
        year,
        fixmedins_code,
        pool,
        'secondary_distribution' as line,                                               -- law: JY-8
        distributed as amount,
        cast(null as varchar) as note
    from clearing.secondary_distribution
    union all
    select
        year,
        fixmedins_code,
        pool,
        'review_deduction' as line,                                                     -- law: JY-31-2
        cast(-amount as decimal(18, 2)) as amount,
        cast(null as varchar) as note
    from deduction
    union all
    select
        year,
        fixmedins_code,
        pool,
        'deposit_forfeited' as line,                                                    -- law: JY-33-4
        cast(-yuan_times(deposits, 1 - deposit_return_rate) as decimal(18, 2)) as amount,
        'of deposits ' || cast(deposits as varchar) || ', returned at ' || cast(deposit_return_rate as varchar) as note
    from clearing.hospital_year
    union all
    select
        year,
        fixmedins_code,
        pool,
        'monthly_paid' as line,                                                         -- law: JY-32
        cast(-paid as decimal(18, 2)) as amount,
        cast(null as varchar) as note
    from clearing.hospital_year
)

select
    l.year,
    l.fixmedins_code,
    l.pool,
    l.line,
    l.amount,
    t.law as citation,
    t.position as line_no,
    t.fund_source,
    l.note
from line as l
left join policy.ledger_line as t on t.year = l.year and t.line = l.line
where (l.amount <> 0 or l.line = 'entitlement') and coalesce(t.active, true)
