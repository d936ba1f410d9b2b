-- What makes a version non-normal, used by its status and by the account of a claim; the first that applies. Null: normal.
create or replace macro reason_of_status(is_fatal, is_late, is_ungrouped) as
    case when is_fatal then 'quality_fatal' when is_late then 'late_upload' when is_ungrouped then 'ungrouped' end;
