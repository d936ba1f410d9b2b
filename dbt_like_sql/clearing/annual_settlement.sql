/*---
describe: >-
  The cleared year of each hospital in each pool: entitlement, what is payable in all, what the months paid,
  what is still due, and what the hospital writes off.
grain: [year, fixmedins_code, pool]
partition: year
sealed: true
keeps:
  clearing.hospital_year: [year, fixmedins_code, pool]
nullable: [pay_ratio]
law: [JY-33-3, JY-35-1, JY-38, SD-26, GD-22-3, GD-22-4, GD-26]
checks:
  - id: due_is_payable_less_paid
    expect: due = payable - paid
    describe: What is due is what is payable in all, less what the months paid.
---*/
with summed as (
    select year, fixmedins_code, pool, sum(amount) as due
    from clearing.ledger
    group by year, fixmedins_code, pool
)

select
    h.year,
    h.fixmedins_code,
    h.pool,
    h.cases,
    h.points,
    h.fee,
    h.fund,
    h.entitlement,
    h.pay_ratio,
    cast(s.due + h.paid as decimal(18, 2)) as payable,
    h.paid,
    cast(s.due as decimal(18, 2)) as due,
    cast(greatest(h.fund - (s.due + h.paid), 0) as decimal(18, 2)) as write_off         -- law: JY-38
from clearing.hospital_year as h
left join summed as s on s.year = h.year and s.fixmedins_code = h.fixmedins_code and s.pool = h.pool
