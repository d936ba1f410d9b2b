/*---
describe: The years whose base points the claim has helped to make, and the trims that left it out.
section: {order: 140, title: {en: In later base points, zh: 用于以后年度基准点数测算}, optional: true}
law: [JY-16]
---*/
select
    o.setl_id,
    o.dcla_time,
    list(
        {
            'label': case when t.setl_id is null then 'history.kept' else 'history.trimmed' end,
            'value': cast(k.year as varchar),
            'name': k.drg,
            'filled': case when t.setl_id is not null
                then cast(t.fee as varchar) || ' ∉ [' || cast(t.lower_bound as varchar) || ', ' || cast(t.upper_bound as varchar) || ']'
            end,
            'law': clause(['JY-16', 'SD-18-1', 'GD-13'])
        }
        order by k.year
    ) as lines
from account.claim_chosen as o
inner join calibration.trim_outcome as k on k.setl_id = o.setl_id
left join calibration.trimmed_case as t on t.year = k.year and t.setl_id = k.setl_id
group by o.setl_id, o.dcla_time
