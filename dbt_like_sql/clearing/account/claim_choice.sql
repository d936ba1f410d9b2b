/*---
describe: >-
  Every version of the claims that are explained, and which of them is taken when none is named: the one that its
  month settles, else the one that the clearing looks at, else the one that stands for the claim in the months, else
  the last that is the claim's.
law: [JY-31-3, JY-33]
---*/
select
    i.setl_id,
    i.dcla_time,
    i.settlement_month as month,
    row_number() over (
        partition by i.setl_id
        order by
            coalesce(s.in_month = 1 and s.status = 'normal', false) desc,
            y.setl_id is not null desc,
            coalesce(s.in_month, 0) desc,
            i.is_foreign,
            i.dcla_time desc
    ) as preference
from claims.version_index as i
left join quality.claim_status as s
    on s.month = i.settlement_month and s.setl_id = i.setl_id and s.dcla_time = i.dcla_time
left join clearing.claim_version as y on y.setl_id = i.setl_id and y.dcla_time = i.dcla_time
