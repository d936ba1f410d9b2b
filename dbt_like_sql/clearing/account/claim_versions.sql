/*---
describe: Every version of the claim that has arrived, with what its month and the clearing make of it.
section: {order: 20, title: {en: Versions and deliveries, zh: 清单版本与上传批次}}
law: [JY-31-1, JY-33]
---*/
select
    o.setl_id,
    o.dcla_time,
    flatten(list(
        [
            {
                'label': case when i.dcla_time = o.dcla_time then 'version.explained' else 'version.other' end,
                'value': strftime(i.dcla_time, '%Y-%m-%d %H:%M:%S'),
                'name': i.delivery || ', ' || cast(i.line as varchar),
                'law': clause(['JY-31-1', 'SD-13', 'GD-7'])
            },
            {
                'label': 'version.month',
                'value': i.settlement_month,
                'law': clause(['JY-32', 'SD-25', 'GD-21']),
                'under': true
            },
            case when i.is_foreign
                then {'label': 'version.foreign', 'good': false, 'law': clause(['JY-31-3', 'SD-14', 'GD-7']), 'under': true}
            end,
            case when r.files is not null
                then {
                    'label': 'version.disagrees',
                    'value': r.files,
                    'name': r.delivery,
                    'good': false,
                    'law': clause(['JY-31-1', 'SD-14', 'GD-7']),
                    'under': true
                }
            end,
            case when i.copies_in_delivery > 1
                then {
                    'label': 'version.copies', 'value': cast(i.copies_in_delivery as varchar), 'law': clause(['JY-31-1', 'SD-13', 'GD-7']), 'under': true
                }
            end,
            case when s.setl_id is not null
                then {
                    'label': case when s.in_month = 1 then 'version.stands' else 'version.stands_not' end,
                    'good': s.in_month = 1,
                    'law': clause(['JY-31-3', 'SD-14']),
                    'under': true
                }
            end,
            case when y.setl_id is not null
                then {
                    'label': case when y.after_cut_off then 'version.after_cut_off' else 'version.clears' end,
                    'value': cast(y.year as varchar),
                    'good': not y.after_cut_off,
                    'law': clause(['JY-33', 'SD-26', 'GD-22']),
                    'under': true
                }
            end
        ]
        order by i.dcla_time
    )) as lines
from account.claim_chosen as o
inner join claims.version_index as i on i.setl_id = o.setl_id
left join quality.claim_status as s
    on s.month = i.settlement_month and s.setl_id = i.setl_id and s.dcla_time = i.dcla_time
left join (
    select setl_id, dcla_time, max(delivery) as delivery, arg_max(differing_files, delivery) as files
    from claims.repeated_version
    where differing_files is not null
    group by setl_id, dcla_time
) as r on r.setl_id = i.setl_id and r.dcla_time = i.dcla_time
left join clearing.claim_version as y on y.setl_id = i.setl_id and y.dcla_time = i.dcla_time
group by o.setl_id, o.dcla_time
