/*---
describe: >-
  What other claims say of this one: whose version it is, which refund takes it back or what it takes back, and which
  settlement of the stay stands; and which of its records were rejected. Days are those of the upload deadline, of a
  refund that of its upload; the keeper is looked for again among the settlements of the stay.
section: {order: 35, title: {en: Other claims and records, zh: 与其他清单及明细的关系}, optional: true}
law: [JY-31-3]
---*/
with own as (
    select
        o.*,
        i.is_foreign,
        d.upload_deadline,
        d.uploaded_on,
        c.fixmedins_code,
        c.fee
    from account.claim_chosen as o
    inner join claims.version_index as i on i.setl_id = o.setl_id and i.dcla_time = o.dcla_time
    inner join claims.claim as c on c.month = o.month and c.setl_id = o.setl_id and c.dcla_time = o.dcla_time
    inner join quality.claim_deadline as d on d.month = o.month and d.setl_id = o.setl_id and d.dcla_time = o.dcla_time
),

-- Which version first said whose the claim is.
holder as (
    select
        o.setl_id,
        arg_min(c.fixmedins_code, i.dcla_time) as hospital,
        min(i.dcla_time) as dcla_time
    from own as o
    inner join claims.version_index as i on i.setl_id = o.setl_id and not i.is_foreign
    inner join claims.claim as c
        on c.month = i.settlement_month and c.setl_id = i.setl_id and c.dcla_time = i.dcla_time
    where o.is_foreign
    group by o.setl_id
),

-- A version is in no settlement of a stay that a check refuses by itself.
refused as (
    select distinct told.month, told.setl_id, told.dcla_time
    from (select month, setl_id, dcla_time, unnest(details) as detail from stay.twin_finding) as told
    inner join policy.quality_check as k
        on k.month = told.month and k.check_id = told.detail['check_id'] and k.severity = 'fatal'
),

stays as (
    select
        o.setl_id,
        min(row(t.first_dcla_time, t.setl_id)) filter (where r.setl_id is null) as keeper,
        any_value(row(s.first_dcla_time, s.setl_id)) as place,
        count(distinct t.setl_id) as settlements
    from own as o
    inner join claims.twin_version as s
        on s.settlement_month = o.month
        and s.setl_id = o.setl_id
        and s.dcla_time = o.dcla_time
        and stands_on(s.from_on, s.until_on, o.upload_deadline)
    inner join claims.twin_version as t
        on t.settlement_month = o.month
        and t.fixmedins_code = s.fixmedins_code
        and t.psn_no = s.psn_no
        and t.adm_on = s.adm_on
        and t.dscg_on = s.dscg_on
        and stands_on(t.from_on, t.until_on, o.upload_deadline)
    left join refused as r on r.month = t.settlement_month and r.setl_id = t.setl_id and r.dcla_time = t.dcla_time
    group by o.setl_id
),

torn as (
    select
        o.setl_id,
        list(
            {
                'label': 'relation.torn',
                'value': r.file || '.' || split_part(f.file, '.', -1) || ', ' || cast(r.line as varchar),
                'name': cast(r.records as varchar),
                'good': false,
                'law': clause(['JY-31-3', 'SD-14', 'GD-7'])
            }
            order by r.file
        ) as lines
    from own as o
    inner join claims.torn_version as r on r.month = o.month and r.setl_id = o.setl_id and r.dcla_time = o.dcla_time
    inner join claims.version_index as i on i.setl_id = o.setl_id and i.dcla_time = o.dcla_time
    left join claims.delivered_file as f
        on f.delivery = i.delivery and starts_with(f.file, i.delivery || '/' || r.file || '.')
    group by o.setl_id
)

select
    o.setl_id,
    o.dcla_time,
    list_concat(
        [
            case when o.is_foreign
                then {
                    'label': 'relation.foreign',
                    'value': o.fixmedins_code,
                    'name': h.hospital || ', ' || strftime(h.dcla_time, '%Y-%m-%d %H:%M:%S'),
                    'good': false,
                    'law': clause(['JY-31-3', 'SD-14', 'GD-7'])
                }
            end,
            case when p.setl_id is not null
                then {
                    'label': 'relation.refunded',
                    'value': p.refund_setl_id,
                    'name': cast(o.upload_deadline as varchar),
                    'good': false,
                    'law': clause(['JY-31-3', 'SD-14', 'GD-7'])
                }
            end,
            case when r.setl_id is not null
                then {
                    'label': 'relation.refunds',
                    'value': r.setl_id,
                    'name': cast(o.uploaded_on as varchar),
                    'law': clause(['JY-31-3', 'SD-14', 'GD-7'])
                }
            end,
            case when o.fee < 0 and not o.is_foreign and r.setl_id is null
                then {
                    'label': 'relation.refunds_nothing',
                    'value': cast(o.uploaded_on as varchar),
                    'good': false,
                    'law': clause(['JY-31-3', 'SD-14', 'GD-7'])
                }
            end,
            case when s.settlements > 1
                then {
                    'label': case when s.place > s.keeper then 'relation.second' else 'relation.first' end,
                    'value': case when s.place > s.keeper then s.keeper[2] else o.setl_id end,
                    'name': cast(s.settlements as varchar),
                    'stored': coalesce(k.keeper_setl_id, o.setl_id),
                    'good': not coalesce(s.place > s.keeper, false),
                    'law': clause(['JY-31-3', 'SD-14', 'GD-7'])
                }
            end
        ],
        t.lines
    ) as lines
from own as o
left join holder as h on h.setl_id = o.setl_id
left join claims.refund_pair as p
    on p.settlement_month = o.month
    and p.setl_id = o.setl_id
    and p.refund_setl_id <> o.setl_id
    and stands_on(p.from_on, p.until_on, o.upload_deadline)
left join claims.refund_pair as r
    on r.settlement_month = o.month
    and r.refund_setl_id = o.setl_id
    and o.fee < 0
    and stands_on(r.from_on, r.until_on, o.uploaded_on)
left join stays as s on s.setl_id = o.setl_id
left join stay.second_settlement as k
    on k.month = o.month
    and k.setl_id = o.setl_id
    and k.dcla_time = o.dcla_time
    and stands_on(k.from_on, k.until_on, o.upload_deadline)
left join torn as t on t.setl_id = o.setl_id
