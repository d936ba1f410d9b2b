-- Formulas of the clearing, used by its tables and by the account of a claim.

-- How a case came into the clearing: settled by its month in this version, too late for any month, or corrected since.
create or replace macro source_of_case(is_settled, is_first_late) as
    case when is_settled then 'settled' when is_first_late then 'late' else 'corrected' end;

-- Why the clearing does not pay a claim in its version of the cut-off; the first that applies. Null: it does, or the
-- claim is a refund that has taken another claim out and needs no word of its own.
create or replace macro reason_of_clearing(
    after_cut_off, is_refund, refund_is_open, is_refunded, is_second, is_fatal_by_itself, is_ungrouped
) as
    case
        when after_cut_off then 'after_cut_off'
        when is_refund and refund_is_open then 'refund'
        when is_refunded then 'refunded'
        when is_refund then null
        when is_second then 'duplicate_settlement'
        when is_fatal_by_itself then 'quality_fatal'
        when is_ungrouped then 'ungrouped'
    end;
