"""What parameters say of each other: rows that a base lends, values of another table, complete tables.

Each parameter by itself is checked where it is read. Nothing is known here by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import product

from drg_pipeline.errors import Fault
from drg_pipeline.policy.parameter import Content, DatedValue, Parameter, Row
from drg_pipeline.policy.value_type import Scalar


def disagreements(parameters: Sequence[Parameter]) -> list[Fault]:
    """Rows that name what another table does not have, and combinations that a complete table lacks."""
    by_name = {parameter.name: parameter for parameter in parameters}
    return [
        Fault(f"{one.file}: parameters.{one.name}", what)
        for one in parameters
        if one.columns is not None
        for what in dict.fromkeys(_of_one(one, by_name))
    ]


def with_rows_of(own: Parameter, common: Parameter) -> Parameter:
    """A region's table with the rows of its base that it does not say otherwise, by key.

    A later text of either is a further value, from the day on that it is known.
    """
    places = [list(own.columns or ()).index(column) for column in own.key]
    both = (*own.values, *common.values)
    values: list[DatedValue] = []
    for start in sorted({value.valid_from for value in both}):
        last: tuple[DatedValue | None, DatedValue | None] = (None, None)
        for published in sorted({value.published for value in both}):
            said, lent = own.at(start, published), common.at(start, published)
            starts = start in (said and said.valid_from, lent and lent.valid_from)
            if said and starts and (said, lent) != last:
                last = (said, lent)
                content = _joined(said, lent, places)
                values.append(replace(said, valid_from=start, published=published, content=content))
    return replace(own, values=tuple(values))


def _joined(said: DatedValue, lent: DatedValue | None, places: Sequence[int]) -> Content:
    if lent is None or not isinstance(lent.content, tuple) or not isinstance(said.content, tuple):
        return said.content

    def key(row: Row) -> tuple[object, ...]:
        return tuple(row[place] for place in places)

    keys = {key(row) for row in said.content}
    return (*said.content, *(row for row in lent.content if key(row) not in keys))


def _of_one(one: Parameter, by_name: Mapping[str, Parameter]) -> Iterator[str]:
    assert one.columns is not None
    others = {column: field.of for column, field in one.columns.items() if field.of}
    for column, name in others.items():
        other = by_name.get(name)
        if other is None or column not in (other.columns or {}):
            yield f"{column} is of {name}, which this pack does not have: give it values, or correct `of`"
            return
    places = list(one.columns)
    for day in _days([one, *(by_name[name] for name in others.values())]):
        held = one.at(day, date.max)
        if held is None or not isinstance(held.content, tuple):
            continue
        known = {column: _column(by_name[name], column, day) for column, name in others.items()}
        for column, values in known.items():
            found = {row[places.index(column)] for row in held.content}
            for value in sorted(map(str, found - values - {None})):
                told = ", ".join(sorted(map(str, values))) or "nothing"
                yield f"{column} {value} is not in {others[column]} (on {day}: {told}): correct one"
        if one.complete:
            may = [known.get(column, set(one.columns[column].domain)) for column in one.key]
            there = {tuple(row[places.index(column)] for column in one.key) for row in held.content}
            for lacking in sorted(set(product(*may)) - there, key=str):
                shown = ", ".join(f"{column} {value}" for column, value in zip(one.key, lacking, strict=True))
                yield f"has no row for {shown} (on {day}): add it"


def _days(parameters: Sequence[Parameter]) -> list[date]:
    return sorted({value.valid_from for parameter in parameters for value in parameter.values})


def _column(parameter: Parameter, column: str, day: date) -> set[Scalar | None]:
    held = parameter.at(day, date.max)
    if held is None or not isinstance(held.content, tuple):
        return set()
    place = list(parameter.columns or ()).index(column)
    return {row[place] for row in held.content}
