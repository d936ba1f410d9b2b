-- The fees just made, without a group's outer ones, as sums from which later level means are reckoned.
insert into fee_history
select year(p.settled), p.group_number, p.level, count(*), sum(p.fee)::bigint
from pending as p
inner join this_month as m on p.i between m.first_claim and m.last_claim
inner join demo_group as g on g.number = p.group_number
where p.version = 1
  and p.version_flaw = 'none'
  and p.direction = 1
  and p.delivery <> 'repeated'
  and ln(p.fee / 100) - ln(1 + getvariable('yearly_growth')) * (year(p.settled) - getvariable('last_year'))
      between g.ln_low and g.ln_high
group by all;
