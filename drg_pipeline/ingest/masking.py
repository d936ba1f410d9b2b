"""What may be shown of a record that was rejected, and of a header: never what could be a person's.

A field may hold what belongs to the column beside its own: a person's number instead of a hospital's name. So
it is shown only where the record gives no reason to doubt whose it is, and only if it looks like a value of
its column. No column is named here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from drg_pipeline.duck import literal
from drg_pipeline.ingest.layout import ClaimColumn, ClaimFile
from drg_pipeline.ingest.scan import Header
from drg_pipeline.ingest.typing_sql import fault_sql, filled_sql, value_sql

MASKED = "***"
_CHARACTERS = 200
_CLOCK = r"([ T]\d{1,2}(:\d{1,2}){0,2}(\.\d{1,6})?\s?(Z|[+-]\d{1,2}:?\d{2})?)?"
_LIKE = {
    "date": rf"\d{{1,4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}{_CLOCK}",
    "timestamp": rf"\d{{1,4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}{_CLOCK}",
    "whole": r"[-+0-9.,eE]{1,12}",
    "amount": r"[-+0-9.,eE]{1,20}",
    "text": r"[-+0-9.]{1,20}([eE][-+]?[0-9]{1,3})?",
}
# A header that ran into its first record has values among its names; a name has hardly a digit.
_NAME = re.compile(r"(?=.*[^\W\d])(?!(?:.*\d){4})[\w ()（）.-]{1,40}")


def hides(claim_file: ClaimFile, header: Header) -> bool:
    """Whether a record of this file may hold what is a person's: a column that is, or that nobody knows."""
    known = {column.name for column in claim_file.columns}
    return claim_file.has_personal or not known.issuperset(header.names)


def excerpt_sql(hidden: bool) -> str:
    """What is shown of a record that could not be split; nothing where its fields may be another column's."""
    open_to_all = "false" if hidden else "sure IS NULL"
    return f"CASE WHEN excerpt = '' OR {open_to_all} THEN {_cut('excerpt')} ELSE '{MASKED}' END"


def raw_sql(column: ClaimColumn, text: str, present: Sequence[tuple[ClaimColumn, str]], hidden: bool) -> str:
    """What is shown of a field that rejects its record; `present`: the record's columns with their texts."""
    if column.personal:
        return literal(MASKED)
    shown = _cut(f"coalesce({text}, '')")
    may = ["fields_found = fields_expected"]
    if hidden:
        may.append(f"regexp_full_match({filled_sql(text)}, '{_LIKE[column.kind]}')")
        may += [_is_sound(other, of) for other, of in present if other.personal]
    empty = f"coalesce({filled_sql(text)}, '') = ''"
    return f"CASE WHEN {empty} OR ({' AND '.join(may)}) THEN {shown} ELSE '{MASKED}' END"


def _is_sound(column: ClaimColumn, text: str) -> str:
    fault = fault_sql(column, f"({value_sql(column, text)})", text) or "false"
    return f"(coalesce({filled_sql(text)}, '') <> '' AND NOT {fault})"


def _cut(text: str) -> str:
    return f"substr({text}, 1, {_CHARACTERS})"


def shown_names(names: Sequence[str]) -> list[str]:
    """Names of columns that nobody knows, as far as they look like names."""
    if all(not name or looks_like_a_name(name) for name in names):
        return [name or "(unnamed)" for name in names]
    return [f"{len(names)} whose names look like values"]


def looks_like_a_name(name: str) -> bool:
    return bool(_NAME.fullmatch(name))
