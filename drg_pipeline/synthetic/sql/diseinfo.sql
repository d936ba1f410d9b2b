with counted as (
    select
        b.setl_id, b.i, b.dcla_time, b.version_flaw,
        date_sub('year', b.born, b.admitted) as age,
        r.diagnoses, r.unknown_code,
        -- Two principal diagnoses, or none.
        b.i % 2 = 0 and len(r.diagnoses) > 1 as two
    from batch as b
    inner join recipe as r on r.recipe = b.recipe
),
besides as (
    select c.setl_id, c.dcla_time, list({'code': m.code, 'name': m.name} order by c.n) as diagnoses
    from (select setl_id, dcla_time, i, age, unnest(range(1, 2 + below(i, 'besides', getvariable('besides').diagnoses))) as n from counted) as c
    asof join comorbidity as m on (draw(c.i, 'besides ' || c.n) >> 32)::bigint >= m.low
    where c.age between m.age_from and m.age_to
    group by c.setl_id, c.dcla_time
),
named as (
    select c.*, list_concat(c.diagnoses, coalesce(b.diagnoses, [])) as codes
    from counted as c
    left join besides as b on b.setl_id = c.setl_id and b.dcla_time = c.dcla_time
),
told as (
    select *, unnest(codes) as diagnosis, generate_subscripts(codes, 1) as n
    from (
        select * replace (
            list_filter(codes, lambda x, place: list_position(codes, x) = place)
                || if(version_flaw = 'duplicate_diagnosis', [codes[-1]], []) as codes
        )
        from named
    )
)
select
    setl_id,
    strftime(dcla_time, '%Y-%m-%d %H:%M:%S') as dcla_time,
    n as diag_srt_no,
    '1' as diag_type,
    if(if(version_flaw = 'principal_diagnosis', two and n <= 2, n = 1), '1', '0') as maindiag_flag,
    if(n = 1 and version_flaw = 'principal_code_unknown', unknown_code, diagnosis.code) as diag_code,
    diagnosis.name as diag_name,
    case
        when version_flaw = 'code_value_domain' and i % 2 = 0 and n = 1 then '5'
        when chance(i, 'condition') < getvariable('present_on_admission') then '1'
        else '4'
    end as adm_cond_type
from told
order by setl_id, told.dcla_time, n
