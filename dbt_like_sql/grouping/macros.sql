-- What the platform's result of a claim version is, used by the months and where a version of another month is checked.
create or replace macro status_of_platform_code(drg_code, is_word_for_none, ambiguous_suffix, code_pattern) as
    case
        when drg_code is null or is_word_for_none then 'ungrouped'
        when coalesce(ends_with(drg_code, ambiguous_suffix), false) then 'ambiguous'
        when regexp_full_match(drg_code, code_pattern) then 'grouped'
        else 'invalid_input'
    end;
