-- The drafts that the grouper puts where they were meant, the first ones of every group.
insert into recipe
select
    d.drg,
    row_number() over (partition by d.drg order by d.k, d.leaf) as variant,
    d.* exclude (drg, c, leaf, k, asks_mcc, asks_cc, splits, excludes, age, age_in_days, weight, los, record_no, principal)
from draft as d
inner join grouped as g on g.record_no = d.record_no
inner join wanted as w on w.leaf = d.leaf
inner join adrg_mix as m on m.adrg = w.adrg
where g.status = 'grouped' and g.drg = d.drg
qualify variant <= m.keep
