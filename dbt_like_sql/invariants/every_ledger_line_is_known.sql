/*---
describe: Every line of the ledger is listed in policy.ledger_line with its rule and its place.
guards: clearing.ledger
law: [JY-33, SD-26, GD-22]
---*/
select year, line, count(*) as rows_without_rule
from clearing.ledger
where citation is null or line_no is null
group by year, line
