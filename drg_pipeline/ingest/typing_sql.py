"""The types of claim columns as SQL expressions: value, fault and reason of one field's text.

A cast alone is no test: DuckDB rounds 1.005 to two decimals, takes 1e3 for a whole number and
0000-01-01 for a date. So a field's form is matched first. No column is named here.
"""

from __future__ import annotations

from drg_pipeline.duck import literal
from drg_pipeline.ingest.layout import ClaimColumn
from drg_pipeline.ingest.pseudonym import pseudonym_sql
from drg_pipeline.ingest.spelling import lost_sql, normal_sql, usual_sql

_DAY = r"(\d{4}-\d{1,2}-\d{1,2}|\d{4}/\d{1,2}/\d{1,2})"
_CLOCK = r"([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?"
_ZONE = r"\s*(Z|z|UTC|GMT|[+-]\d{1,2}(:?\d{2})?)"
_MOMENT = rf"{_DAY}([ T]{_CLOCK})?"
_WHOLE = r"[+-]?\d+(\.0*)?"
_AMOUNT = r"[+-]?(\d+(\.\d{0,2})?|\.\d{1,2})"
LOST = "a number that has lost digits, not an id"
_FINER = r"[+-]?\d*\.\d{3,}"


def filled_sql(text: str) -> str:
    """The field's text without spaces around it."""
    return f"trim({text}, ' \t')"


def _is(text: str, pattern: str) -> str:
    return f"regexp_full_match({text}, '{pattern}')"


def value_sql(column: ClaimColumn, text: str | None) -> str:
    """The typed value; null for an absent column (None) and for what cannot be typed.

    An empty field's text is null already.
    """
    if text is None:
        return f"NULL::{column.type.sql}"
    if column.kind == "text":
        spelt = spelt_sql(column, text)
        return pseudonym_sql(spelt) if column.personal == "pseudonym" else spelt
    trimmed = filled_sql(text)
    return f"CASE WHEN {_has_form(column, trimmed)} THEN {_cast(column, trimmed)} END"


def spelt_sql(column: ClaimColumn, text: str) -> str:
    """The text of a text column in its normal form; of one without a spelling as it is."""
    if not column.spelling:
        return text
    return normal_sql(column.spelling, text, identifier=column.identifier)


def is_usual_sql(column: ClaimColumn, text: str) -> str:
    """True of a text that is its own normal form and not at fault; of none where there may be none."""
    usual = usual_sql(column.spelling, text) if column.spelling else f"{text} IS NOT NULL"
    return f"coalesce({usual}, {str(not column.value_required).lower()})"


def plain_sql(column: ClaimColumn, cast: str, text: str) -> str:
    """True of a field, not of text, in its usual form: its value is its text's `cast`, and that is sound.

    A text is in the usual form if it is how DuckDB itself writes the cast: what a cast changes (1.005, 1e3,
    0000-01-01, a time zone) is written in another way, and an infinite date or a year of five digits in
    another length. That takes a third of the time of matching the form, and nearly every field passes.
    """
    written = f"{cast}::VARCHAR = {text}"
    if column.kind == "amount":  # decimals that are zero may be left out
        written = f"({written} OR {cast}::VARCHAR = {text} || '0' OR {cast}::VARCHAR = {text} || '.00')"
    elif column.kind == "date":
        written = f"length({text}) = 10 AND {written}"
    elif column.kind == "timestamp":  # a date alone is its midnight
        day = f"{cast}::DATE::VARCHAR = {text}"
        written = f"(length({text}) = 19 AND {written} OR length({text}) = 10 AND {day})"
    return f"({written})" if column.value_required else f"({text} IS NULL OR {written})"


def _has_form(column: ClaimColumn, text: str) -> str:
    if column.kind in ("date", "timestamp"):
        return f"{text} >= '0001' AND {_is(text, _MOMENT)}"
    return _is(text, _WHOLE if column.kind == "whole" else _AMOUNT)


def _cast(column: ClaimColumn, text: str) -> str:
    if column.kind == "date":  # a time of day behind the date is read first, then cut
        return f"CAST(try_cast({text} AS TIMESTAMP) AS DATE)"
    return f"try_cast({text} AS {column.type.sql})"


def fault_sql(column: ClaimColumn, value: str, text: str) -> str | None:
    """True where the field rejects its record; None for a column in which nothing can be wrong."""
    if column.value_required:
        return f"{value} IS NULL"
    if column.kind == "text":
        return None
    return f"CASE WHEN {value} IS NULL THEN coalesce({filled_sql(text)}, '') <> '' ELSE false END"


def reason_sql(column: ClaimColumn, text: str) -> str:
    """Why a field that is at fault is so."""
    if column.kind == "text":
        return f"CASE WHEN {lost_sql(text)} THEN {literal(LOST)} ELSE 'empty' END"
    filled = filled_sql(text)
    branches = [f"WHEN coalesce({filled}, '') = '' THEN 'empty'"]
    if column.kind in ("date", "timestamp"):
        branches += _moment_reasons(filled)
    elif column.kind == "whole":
        branches += [
            f"WHEN {_is(filled, _WHOLE)} THEN 'too large for a whole number'",
            "ELSE 'not a whole number'",
        ]
    elif column.kind == "amount":
        branches += [
            f"WHEN {_is(filled, _FINER)} THEN 'more than two decimals'",
            f"WHEN {_is(filled, _AMOUNT)} THEN 'too large for an amount'",
            "ELSE 'not an amount'",
        ]
    return f"CASE {' '.join(branches)} END"


def _moment_reasons(filled: str) -> list[str]:
    day = f"regexp_extract({filled}, '^{_DAY}')"
    month = rf"CAST(regexp_extract({filled}, '^\d{{4}}[-/](\d{{1,2}})', 1) AS INTEGER)"
    return [
        f"WHEN {_is(filled, f'{_DAY}[ T]{_CLOCK}{_ZONE}')} THEN 'carries a time zone'",
        f"WHEN NOT {_is(filled, f'(?s){_DAY}([ T].*)?')} THEN 'not a date'",
        f"WHEN {filled} < '0001' THEN 'year 0000 does not exist'",
        f"WHEN {month} NOT BETWEEN 1 AND 12 THEN 'month is out of range'",
        f"WHEN try_cast({day} AS DATE) IS NULL THEN 'day is out of range for month'",
        "ELSE 'not a time of day'",
    ]
