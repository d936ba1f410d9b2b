with counted as (
    select
        b.*,
        case
            when surgical then 1 + below(i, 'operations', 2)
            when chance(i, 'operations') < 0.2 then 1
            else 0
        end as operations
    from batch as b
),
told as (
    select
        *,
        lpad((1 + (hash(drg) // 7 + n * 31) % 86)::varchar, 2, '0') || '.'
            || lpad((11 + (hash(drg) + n * 17) % 88)::varchar, 2, '0') || '00' as code
    from counted, unnest(range(1, operations + 1)) as numbers(n)
)
select
    setl_id,
    strftime(dcla_time, '%Y-%m-%d %H:%M:%S') as dcla_time,
    n as oprn_srt_no,
    if(n = 1, '1', '2') as oprn_oprt_type,
    code as oprn_oprt_code,
    '示例手术' || code as oprn_oprt_name,
    strftime(admitted + below(i, 'operated', days), '%Y-%m-%d') as oprn_oprt_date
from told
order by setl_id, told.dcla_time, n
