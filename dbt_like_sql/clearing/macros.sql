-- Formulas of the clearing, used by its tables and by the account of a claim.

-- How a case came into the clearing: settled by its month in this version, too late for any month, or corrected since.
create or replace macro source_of_case(is_settled, is_first_late) as
    case when is_settled then 'settled' when is_first_late then 'late' else 'corrected' end;
