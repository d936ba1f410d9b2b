/*---
describe: What was uploaded of the claim, as far as settlement needs it, and how its fund amount U comes about.
section: {order: 10, title: {en: The claim, zh: 病例概况}}
law: [JY-7, JY-31, JY-32]
---*/
with fund as (
    select
        p.month,
        p.setl_id,
        p.dcla_time,
        p.fund_pay_type,
        f.title,
        f.fund_pay_type is not null as is_pooled,
        cast(sum(p.fund_payamt) as decimal(18, 2)) as amount
    from claims.payinfo as p
    left join policy.pooled_fund as f on f.month = p.month and f.fund_pay_type = p.fund_pay_type
    group by p.month, p.setl_id, p.dcla_time, p.fund_pay_type, f.title, f.fund_pay_type
),

funds as (
    select
        month,
        setl_id,
        dcla_time,
        cast(sum(case when is_pooled then amount else 0 end) as decimal(18, 2)) as pooled,
        list(
            {
                'label': case when is_pooled then 'claim.fund_counted' else 'claim.fund_left_out' end,
                'value': cast(amount as varchar),
                'name': concat_ws(' ', fund_pay_type, title),
                'law': clause(['JY-32-2']),
                'under': true
            }
            order by is_pooled desc, fund_pay_type
        ) as lines
    from fund
    group by month, setl_id, dcla_time
)

select
    c.setl_id,
    c.dcla_time,
    list_concat(
        [
            {'label': 'claim.month', 'value': c.month, 'law': clause(['JY-32', 'SD-25', 'GD-21'])},
            {
                'label': 'claim.hospital',
                'value': c.fixmedins_code,
                'name': c.hospital,
                'law': clause(['JY-31-1', 'SD-13', 'GD-7'])
            },
            {'label': 'claim.pool', 'value': c.pool, 'name': t.title, 'law': clause(['JY-7', 'SD-6', 'GD-9'])},
            {
                'label': 'claim.admitted',
                'value': cast(c.adm_on as varchar),
                'law': clause(['JY-31-1', 'SD-13', 'GD-7'])
            },
            {
                'label': 'claim.discharged',
                'value': cast(c.dscg_on as varchar),
                'law': clause(['JY-31-1', 'SD-13', 'GD-7'])
            },
            {
                'label': 'claim.settled_on',
                'value': cast(c.setl_end_date as varchar),
                'law': clause(['JY-32', 'SD-25', 'GD-21'])
            },
            {'label': 'claim.fee', 'value': cast(c.fee as varchar), 'law': clause(['JY-31-1', 'SD-13', 'GD-7'])},
            {
                'label': 'claim.fund',
                'value': cast(coalesce(f.pooled, 0) as varchar),
                'stored': cast(c.fund as varchar),
                'law': clause(['JY-32-2'])
            }
        ],
        f.lines,
        [
            {
                'label': 'claim.borne',
                'filled': cast(c.fee as varchar) || ' − ' || cast(c.fund as varchar),
                'value': cast(cast(c.fee - c.fund as decimal(18, 2)) as varchar),
                'law': clause(['JY-32-3', 'SD-21'])
            }
        ]
    ) as lines
from account.claim_case as c
left join funds as f on f.month = c.month and f.setl_id = c.setl_id and f.dcla_time = c.dcla_time
left join policy.pool as t on t.month = c.month and t.pool = c.pool
