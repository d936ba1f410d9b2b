/*---
describe: >-
  Versions of other claims that a month looks at, to know which settlement stands: of refunds and what they may take,
  of stays that two claims have, and of refunds of these.
grain: [settlement_month, setl_id, dcla_time]
partition: none
slice: {month: settlement_month, key: settlement_month}
law: [JY-31-3, JY-33, SD-14, GD-22]
---*/
with refund_group as (
    select distinct fixmedins_code, psn_no, owed, setl_id, settlement_month
    from refund_member
),

-- Every month of a group looks at all of its claims.
by_refund as (
    select m.settlement_month, g.setl_id
    from refund_group as m
    inner join refund_group as g
        on g.fixmedins_code = m.fixmedins_code and g.psn_no = m.psn_no and g.owed = m.owed
),

by_stay as (
    select distinct settlement_month, setl_id
    from claims.twin_version
),

-- Whether the settlement of a stay is refunded is decided among other claims.
by_refund_of_stay as (
    select s.settlement_month, g.setl_id
    from by_stay as s
    inner join refund_group as own on own.setl_id = s.setl_id
    inner join refund_group as g
        on g.fixmedins_code = own.fixmedins_code and g.psn_no = own.psn_no and g.owed = own.owed
),

related as (
    select * from by_refund
    union
    select * from by_stay
    union
    select * from by_refund_of_stay
)

select
    r.settlement_month,
    i.setl_id,
    i.dcla_time,
    i.delivery
from related as r
inner join claims.version_index as i on i.setl_id = r.setl_id
