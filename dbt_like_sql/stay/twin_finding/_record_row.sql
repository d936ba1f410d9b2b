/*---
describe: Their principal diagnosis, as grouping.record has it.
---*/
select
    t.month,
    t.setl_id,
    t.dcla_time,
    list_sort(list({
        'unnumbered': l.diag_srt_no is null,
        'number': l.diag_srt_no,
        'uncoded': l.diag_code is null,
        'code': l.diag_code,
        'line': l.line
    }))[1].code as principal_diagnosis
from twin_row as t
inner join landing.diseinfo as l on l.setl_id = t.setl_id and l.dcla_time = t.dcla_time and l.delivery = t.delivery
where l.maindiag_flag = '1' and coalesce(l.diag_type, '1') = '1'
group by t.month, t.setl_id, t.dcla_time
