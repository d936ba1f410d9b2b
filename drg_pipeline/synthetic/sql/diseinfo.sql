with counted as (
    select
        b.*,
        greatest(1 + below(i, 'diagnoses', 4), if(version_flaw = 'principal_diagnosis', 2, 1)) as diagnoses,
        icd || lpad((10 + (hash(drg) + below(i, 'diagnosis', 3)) % 80)::varchar, 2, '0') || '.'
            || (1 + hash(drg, icd) % 9)::varchar || '01' as principal,
        below(i, 'other', len(getvariable('diagnosis_codes'))) as other
    from batch as b
),
told as (
    select
        *,
        1 + (other + 3 * n) % len(getvariable('diagnosis_codes')) as position,
        case
            when version_flaw <> 'principal_diagnosis' then n = 1
            else i % 2 = 0 and n <= 2
        end as main
    from counted, unnest(range(1, diagnoses + 1)) as numbers(n)
)
select
    setl_id,
    strftime(dcla_time, '%Y-%m-%d %H:%M:%S') as dcla_time,
    n as diag_srt_no,
    '1' as diag_type,
    if(main, '1', '0') as maindiag_flag,
    if(n = 1, principal, list_extract(getvariable('diagnosis_codes'), position)) as diag_code,
    if(n = 1, '示例诊断' || principal, list_extract(getvariable('diagnosis_names'), position)) as diag_name,
    if(chance(i, 'condition') < 0.9, '1', '4') as adm_cond_type
from told
order by setl_id, told.dcla_time, n
