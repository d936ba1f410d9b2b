/*---
describe: >-
  Refunds under the id of the settlement that they take back: versions with a negative fee of a claim that had an
  earlier one without, and that version's fee and settlement date.
---*/
with own as (
    select
        l.setl_id,
        l.dcla_time,
        l.medfee_sumamt as fee,
        l.setl_end_date,
        i.settlement_month,
        i.uploaded_on as from_on,
        cast(i.next_dcla_time as date) as until_on
    from landing.setlinfo as l
    inner join claims.version_index as i
        on i.setl_id = l.setl_id and i.dcla_time = l.dcla_time and i.delivery = l.delivery and i.line = l.line
    where not i.is_foreign and l.setl_id in (select setl_id from landing.setlinfo where medfee_sumamt < 0)
)

select
    r.setl_id,
    r.dcla_time,
    r.settlement_month,
    r.fee,
    r.from_on,
    r.until_on,
    arg_max(e.fee, e.dcla_time) as earlier_fee,
    max(e.dcla_time) as earlier_dcla_time,
    arg_max(e.settlement_month, e.dcla_time) as earlier_month
from own as r
inner join own as e on e.setl_id = r.setl_id and e.dcla_time < r.dcla_time and e.fee >= 0
where r.fee < 0
group by r.setl_id, r.dcla_time, r.settlement_month, r.fee, r.from_on, r.until_on
