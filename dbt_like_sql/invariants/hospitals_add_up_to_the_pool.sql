/*---
describe: Points, fees and fund amounts of the hospitals of a pool add up to the pool's, and none is without a point value.
guards: settlement.monthly_settlement
law: [JY-32-1, SD-25, GD-21]
---*/
select v.month, v.pool, v.points, sum(h.points) as hospital_points, v.fee, sum(h.fee) as hospital_fee
from settlement.month_value as v
left join settlement.monthly_settlement as h on h.month = v.month and h.pool = v.pool
where v.month in (select month from settlement.pool_month)
group by v.month, v.pool, v.points, v.fee, v.fund
having
    v.points <> coalesce(sum(h.points), 0)
    or v.fee <> coalesce(sum(h.fee), 0)
    or v.fund <> coalesce(sum(h.fund), 0)
