/*---
describe: >-
  Every version of every claim that has arrived, with the version that follows it. Each as-of choice goes
  through this table. Of the same version delivered twice the last delivery (by name) and, within it, the
  last row stands.
grain: [setl_id, dcla_time]
partition: none
slice: {month: settlement_month, key: setl_id}
nullable: [next_dcla_time, dscg_on, deadline_from]
law: [JY-31-1, SD-13, GD-7]
---*/
with ranked as (
    select
        setl_id,
        dcla_time,
        delivery,
        line,
        folder_month,
        cast(dscg_time as date) as dscg_on,
        setl_end_date,
        row_number() over (partition by setl_id, dcla_time order by delivery desc, line desc) as recency,
        -- Peers of a delivery. All windows of a step have one order, so that its rows are sorted once.
        count(*) over (
            partition by setl_id, dcla_time order by delivery desc range between current row and current row
        ) as copies_in_delivery
    from landing.setlinfo
)

select
    setl_id,
    dcla_time,
    delivery,
    line,
    copies_in_delivery,
    coalesce(strftime(setl_end_date, '%Y-%m'), folder_month) as settlement_month,
    dscg_on,
    cast(dcla_time as date) as uploaded_on,
    lead(dcla_time) over (partition by setl_id order by dcla_time) as next_dcla_time,
    first_value(dcla_time) over (partition by setl_id order by dcla_time) as first_dcla_time,
    -- The discharge date that sets the deadline: that of the earliest version which has one not after its upload.
    first_value(case when dscg_on <= cast(dcla_time as date) then dscg_on end ignore nulls) over (
        partition by setl_id order by dcla_time rows between unbounded preceding and unbounded following
    ) as deadline_from
from ranked
where recency = 1
