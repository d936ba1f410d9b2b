/*---
describe: A case whose group has no history is priced by its fee.
law: [JY-18-2, GD-14]
---*/
select
    b.stability is null as applies,
    points_of_fee(b.fee_cents, b.fee_weight, b.all_cents) as points
from basis as b
