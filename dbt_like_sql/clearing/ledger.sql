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
with line as (
    select year, fixmedins_code, pool, line, amount, note
    from clearing.ledger_line
    union all
    select year, fixmedins_code, pool, line, amount, note
    from clearing.reserve_line
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
