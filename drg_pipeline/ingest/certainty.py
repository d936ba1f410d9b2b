"""Whose the values of a record are that has more or fewer fields than the header, as SQL.

Read as far as it goes, such a record may have a person's number in a column of text, or a fee in the column
beside its own. So it counts only where no other way of placing its fields gives other values: fields put in
or left out elsewhere would have to fit the columns' types. What a slip of both kinds makes of a record (one
field put in and another left out) is not asked. No column is named here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from drg_pipeline.ingest.file_column import CellType
from drg_pipeline.ingest.layout import ClaimColumn
from drg_pipeline.ingest.typing_sql import filled_sql, value_sql

# What a field can be, as bits; a column takes a field with which it shares one.
_EMPTY, _FILLED, _MOMENT, _WHOLE, _AMOUNT = (1 << place for place in range(5))
_BITS = {"date": _MOMENT, "timestamp": _MOMENT, "whole": _WHOLE, "amount": _AMOUNT, "text": _FILLED}
_ANY = _EMPTY | _FILLED
_FARTHEST = 8  # with more fields left out, too many ways to place the others are open


@dataclass(frozen=True)
class Doubt:
    """SQL over `field`, a record's fields as a list, and `fits`.

    fits  what each field can be
    sure  how many columns, counted from the first, have their own field for certain; those behind them may
          have another's. The number of all columns where the record can be read as it stands
    """

    fits: str
    sure: str


def doubt_of(columns: Sequence[ClaimColumn | None], never_open: bool) -> Doubt:
    """Of the file's columns in its order, None for one that is kept out.

    never_open  some records have the header's number of fields, and none of these ends in an empty field:
                then a record that ends in empty fields too many has them at its end
    """
    takes = [_takes(column) for column in columns]
    count = len(columns)
    guarded = [
        place
        for place, column in enumerate(columns, start=1)
        if column is None or column.personal is not None
    ]
    filled = " AND ".join(
        f"coalesce(fits[{place}], {_EMPTY}) <> {_EMPTY}"
        for place, column in enumerate(columns, start=1)
        if column and column.personal
    )
    longer, shorter = _sure_of_longer(takes), _sure_of_shorter(takes)
    behind = f"fits[{count + 1}:]"
    at_the_end = (
        f"{_all_empty(behind)} AND sure_before >= {max(guarded, default=0)}" if never_open else "false"
    )
    return Doubt(
        fits=f"list_transform(field, lambda given: {_fits('given')})",
        sure=(
            f"CASE WHEN NOT ({filled or 'true'}) THEN 0 ELSE list_transform([CASE WHEN len(field) > {count} "
            f"THEN {longer} ELSE {shorter} END], lambda sure_before: CASE WHEN "
            f"{_all_empty('fits[sure_before + 1:]')} OR (len(field) > {count} AND {at_the_end}) "
            f"THEN {count} ELSE sure_before END)[1] END"
        ),
    )


def _takes(column: ClaimColumn | None) -> int:
    if column is None:
        return _ANY
    may_be_empty = 0 if column.value_required else _EMPTY
    return _BITS[column.kind] | may_be_empty


def _fits(text: str) -> str:
    bits = [
        f"CASE WHEN {value_sql(ClaimColumn('', CellType(kind), ''), text)} IS NULL THEN 0 ELSE {bit} END"
        for kind, bit in (("timestamp", _MOMENT), ("whole", _WHOLE), ("amount", _AMOUNT))
    ]
    filled = " | ".join([str(_FILLED), *bits])
    return f"CASE WHEN coalesce({filled_sql(text)}, '') = '' THEN {_EMPTY} ELSE {filled} END"


def _all_empty(fits: str) -> str:
    return f"len(list_filter({fits}, lambda bits: bits <> {_EMPTY})) = 0"


def _sure_of_longer(takes: Sequence[int]) -> str:
    """Fields put in before a column give it one of the fields behind its own, as many as there are too many.

    If none of these fits the last such column, nothing was put in before it.
    """
    count = len(takes)
    last = [
        f"CASE WHEN len(list_filter(fits[{place + 1}:{place} + len(field) - {count}], "
        f"lambda bits: bits & {bits} <> 0)) = 0 THEN {place} ELSE 0 END"
        for place, bits in enumerate(takes, start=1)
        if bits & _ANY != _ANY
    ]
    return f"greatest({', '.join(['0', *last])})"


def _sure_of_shorter(takes: Sequence[int]) -> str:
    """A field left out before another one gives this to a column behind its own.

    If none of those fits the last such field, nothing was left out before it; and a column that needs a value
    was not left out.
    """
    count = len(takes)
    last = []
    for place in range(1, count):
        reached, within = 0, []
        for bits in takes[place : place + _FARTHEST]:
            reached |= bits
            within.append(reached)
        apart = f"fits[{place}] & ({within})[least({count} - len(field), {len(within)})] = 0"
        last.append(
            f"CASE WHEN {place} <= len(field) AND {count} - len(field) <= {_FARTHEST} AND {apart} "
            f"THEN {place} ELSE 0 END"
        )
    certain = f"greatest({', '.join(['0', *last])})"
    # Behind the last certain field the columns that need a value are still their own, one after the other.
    needed = [place for place, bits in enumerate(takes, start=1) if not bits & _EMPTY]
    needs = f"list_contains({needed or [0]}, place)"
    open_places = f"list_filter(range(certain + 1, len(field) + 1), lambda place: NOT {needs})"
    return f"list_transform([{certain}], lambda certain: coalesce(list_min({open_places}) - 1, {count}))[1]"
