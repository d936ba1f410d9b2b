-- What the pooled fund pays for the claims just made, by the year that will settle them, scheme of insurance and place.
select
    year(settled) as year,
    if(employee, '310', '390') as insutype,
    if(nonlocal, 'nonlocal', 'local') as place,
    sum(direction * fund)::bigint as fund
from pending
inner join this_month as m on i between m.first_claim and m.last_claim
where version = 1
  and version_flaw = 'none'
  and delivery <> 'repeated'
  and settlement = 'own'
group by all
order by all;
