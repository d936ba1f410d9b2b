/*---
describe: >-
  The cases of Chinese medicine, with the arrangement that they are under: paid by efficacy as a western group, or
  with a rise by the share of Chinese treatment in the fee. Of several arrangements the one that names the hospital,
  then the one that names a diagnosis, then that of efficacy.
grain: [month, phase, setl_id, dcla_time]
partition: month
nullable: [diag_code, western_drg, treatment]
law: [JY-11]
---*/
with listed as (
    select p.month, p.phase, t.drg, t.diag_code, t.fixmedins_code, t.mode, t.western_drg
    from policy.pricing as p
    inner join reference.tcm_group as t
        on t.valid_from <= make_date(cast(left(p.month, 4) as integer), 1, 1)
        and (t.valid_to is null or t.valid_to >= make_date(cast(left(p.month, 4) as integer), 1, 1))
),

stay as (
    select c.month, c.setl_id, c.dcla_time, c.fixmedins_code, c.fee, g.drg
    from claims.claim as c
    inner join grouping.grouped_case as g on g.month = c.month and g.setl_id = c.setl_id and g.dcla_time = c.dcla_time
),

met as (
    select s.*, l.phase, l.diag_code, l.fixmedins_code as at_hospital, l.mode, l.western_drg
    from stay as s
    inner join listed as l
        on l.month = s.month
        and l.drg = s.drg
        and (l.fixmedins_code is null or l.fixmedins_code = s.fixmedins_code)
        and l.diag_code is null
    union all
    select distinct s.*, l.phase, l.diag_code, l.fixmedins_code as at_hospital, l.mode, l.western_drg
    from stay as s
    inner join claims.diseinfo as d on d.month = s.month and d.setl_id = s.setl_id and d.dcla_time = s.dcla_time
    inner join listed as l
        on l.month = s.month
        and l.drg = s.drg
        and (l.fixmedins_code is null or l.fixmedins_code = s.fixmedins_code)
        and l.diag_code = d.diag_code
),

chosen as (
    select *
    from met
    qualify
        row_number() over (
            partition by month, phase, setl_id, dcla_time
            order by at_hospital is not null desc, diag_code is not null desc, mode = 'efficacy' desc, diag_code
        ) = 1
),

treated as (
    select i.month, k.phase, i.setl_id, i.dcla_time, sum(i.amt) as treatment
    from claims.iteminfo as i
    inner join policy.tcm_charge as k on k.month = i.month and k.med_chrgitm = i.med_chrgitm
    group by i.month, k.phase, i.setl_id, i.dcla_time
)

select
    c.month,
    c.phase,
    c.setl_id,
    c.dcla_time,
    c.mode,
    c.diag_code,
    case when c.mode = 'efficacy' then c.western_drg end as western_drg,
    case when c.mode = 'share' then cast(coalesce(t.treatment, 0) as decimal(18, 2)) end as treatment,
    cast(coalesce(b.uplift, 0) as decimal(18, 4)) as share_uplift
from chosen as c
left join treated as t
    on t.month = c.month and t.phase = c.phase and t.setl_id = c.setl_id and t.dcla_time = c.dcla_time
left join policy.tcm_share_band as b
    on b.month = c.month
    and b.phase = c.phase
    and c.mode = 'share'
    and is_above_share(coalesce(t.treatment, 0), c.fee, b.share_above)
    and (b.share_up_to is null or not is_above_share(coalesce(t.treatment, 0), c.fee, b.share_up_to))
