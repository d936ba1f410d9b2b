select
    setl_id,
    strftime(dcla_time, '%Y-%m-%d %H:%M:%S') as dcla_time,
    drg as drg_code,
    getvariable('scheme') as scheme
from batch
where chance(i, 'ungrouped') >= getvariable('rate').ungrouped
order by setl_id, batch.dcla_time
