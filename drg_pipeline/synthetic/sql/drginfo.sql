select
    setl_id,
    strftime(dcla_time, '%Y-%m-%d %H:%M:%S') as dcla_time,
    spelt(i, 'drg_code', platform_drg) as drg_code,
    getvariable('scheme') as scheme
from batch
where platform_drg is not null
order by setl_id, batch.dcla_time
