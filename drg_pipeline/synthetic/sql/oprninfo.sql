with counted as (
    select b.setl_id, b.i, b.dcla_time, b.version_flaw, b.admitted, b.days, r.procedures
    from batch as b
    inner join recipe as r on r.recipe = b.recipe
),
besides as (
    select c.setl_id, c.dcla_time, list({'code': p.code, 'name': p.name} order by c.n) as procedures
    from (select setl_id, dcla_time, i, unnest(range(1, 1 + below(i, 'done besides', getvariable('besides').procedures + 1))) as n from counted) as c
    asof join usual_procedure as p on (draw(c.i, 'done besides ' || c.n) >> 32)::bigint >= p.low
    group by c.setl_id, c.dcla_time
),
named as (
    select c.*, list_concat(c.procedures, coalesce(b.procedures, [])) as codes
    from counted as c
    left join besides as b on b.setl_id = c.setl_id and b.dcla_time = c.dcla_time
),
told as (
    select *, unnest(codes) as procedure, generate_subscripts(codes, 1) as n
    from (
        select * replace (
            list_filter(codes, lambda x, place: list_position(codes, x) = place)
                || if(version_flaw = 'duplicate_procedure', [codes[-1]], []) as codes
        )
        from named
    )
)
select
    setl_id,
    strftime(dcla_time, '%Y-%m-%d %H:%M:%S') as dcla_time,
    n as oprn_srt_no,
    if(n = 1, '1', '2') as oprn_oprt_type,
    procedure.code as oprn_oprt_code,
    procedure.name as oprn_oprt_name,
    strftime(
        if(version_flaw = 'procedure_outside_stay', admitted - 3, admitted + below(i, 'operated', days)), '%Y-%m-%d'
    ) as oprn_oprt_date
from told
order by setl_id, told.dcla_time, n
