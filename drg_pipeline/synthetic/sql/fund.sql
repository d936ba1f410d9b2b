-- What the pooled fund pays for the claims just made, by the year and pool that will settle them.
select
    year(settled) as year,
    if(employee, 'employee', 'resident') || '_' || if(nonlocal, 'nonlocal', 'local') as pool,
    sum(fund)::bigint as fund
from pending
where i between getvariable('first_claim') and getvariable('last_claim')
  and version = 1
  and version_flaw = 'none'
  and delivery <> 'repeated'
group by all
order by all;
