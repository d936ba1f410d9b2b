-- What makes a version non-normal, used by its status and by the account of a claim; the first that applies, of the
-- fatal checks that it fails (null: none). Null: normal.
create or replace macro reason_of_status(fatal_checks, is_late, is_ungrouped) as
    case
        when list_contains(fatal_checks, 'identity_conflict') then 'identity_conflict'
        when list_contains(fatal_checks, 'refund') then 'refund'
        when list_contains(fatal_checks, 'refunded') then 'refunded'
        when list_contains(fatal_checks, 'duplicate_settlement') then 'duplicate_settlement'
        when len(fatal_checks) > 0 then 'quality_fatal'
        when is_late then 'late_upload'
        when is_ungrouped then 'ungrouped'
    end;

-- Whether a version is refused whatever other claims say: those checks are asked again as of another day.
create or replace macro is_fatal_by_itself(fatal_checks) as
    len(list_filter(fatal_checks, lambda one: one not in ('refunded', 'duplicate_settlement'))) > 0;
