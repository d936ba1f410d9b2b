/*---
describe: A case of an unstable group is priced by its fee.
law: [JY-18-2]
---*/
select
    b.stability = 'unstable' as applies,
    points_of_fee(b.fee_cents, b.fee_weight, b.all_cents) as points
from basis as b
