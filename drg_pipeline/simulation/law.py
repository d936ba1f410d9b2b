"""Puts what is tried into a copy of the law: dated values keep their days, and are checked as their file is.

A change without @ holds for every day. Which parameters there are stands in the pack.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from drg_pipeline.errors import Fault
from drg_pipeline.forms import Place
from drg_pipeline.policy import Pack
from drg_pipeline.policy.entry import read_content
from drg_pipeline.policy.parameter import OPEN, Content, Context, DatedValue, Field, Parameter
from drg_pipeline.policy.value_type import Scalar
from drg_pipeline.simulation.change import Change, Kind, Text, TextRow, change_rows, changed_text

_NEAR = 4


@dataclass(frozen=True)
class _Aim:
    """A change and the parameter that it names."""

    change: Change
    parameter: str


def change_law(pack: Pack, changes: Sequence[Change], faults: list[Fault]) -> Pack:
    """The pack with the changes done in their order; what is wrong with any of them becomes a fault."""
    aims = [aim for change in changes if (aim := _aim(pack, change, faults)) is not None]
    parameters: dict[str, Parameter] = {}
    for name in dict.fromkeys(aim.parameter for aim in aims):
        own = [aim.change for aim in aims if aim.parameter == name]
        parameters[name] = _changed(pack, pack.parameters[name], own, faults)
    return pack.with_parameters(parameters)


def _aim(pack: Pack, change: Change, faults: list[Fault]) -> _Aim | None:
    """The parameter and column that a change is about."""
    found = _found(pack, change.name)
    column = change.column
    if not found and not column and "." in change.name:
        head, _, tail = change.name.rpartition(".")
        if [name for name in _found(pack, head) if pack.parameters[name].is_table]:
            found, column = _found(pack, head), tail
    if len(found) != 1:
        faults.append(Fault(change.typed, _unknown(pack, change.name, found)))
        return None
    parameter = pack.parameters[found[0]]
    if parameter.columns is None:
        if change.chosen is not None:
            faults.append(Fault(change.typed, f"{found[0]} is one value and has no rows: leave [...] away"))
            return None
        return _Aim(change, found[0])
    named = [column] if column else []
    unknown = [name for name in [*named, *(change.chosen or {})] if name not in parameter.columns]
    if unknown or not column:
        missing = f"{', '.join(unknown)} is no column" if unknown else "names no column"
        faults.append(
            Fault(change.typed, f"{missing} of {found[0]}; its columns: {', '.join(parameter.columns)}")
        )
        return None
    return _Aim(replace(change, column=column), found[0])


def _found(pack: Pack, name: str) -> list[str]:
    """Full names of the parameters of this full or bare name."""
    if name in pack.parameters:
        return [name]
    return [full for full in pack.parameters if full.split(".")[1] == name]


def _unknown(pack: Pack, name: str, found: Sequence[str]) -> str:
    if found:
        return f"{name} is in several files: write one of {', '.join(found)}"
    bare = {full.split(".")[1]: full for full in pack.parameters}
    close = difflib.get_close_matches(name, [*pack.parameters, *bare], n=_NEAR, cutoff=0.5)
    meant = list(dict.fromkeys(bare.get(hit, hit) for hit in close))
    hint = f"was one of these meant: {', '.join(meant)}?" if meant else "drg policy show lists them"
    return f"there is no parameter {name}; {hint}"


# -- dated values ------------------------------------------------------------------------------


def _changed(pack: Pack, parameter: Parameter, changes: Sequence[Change], faults: list[Fault]) -> Parameter:
    values = parameter.values
    texts = {id(value): _texts(parameter, value.content) for value in values}
    for change in changes:
        start, end = _bounds(change)
        for day in (start, end):
            values, texts = _split(parameter, values, texts, day)
        meant = [value for value in values if _within(value, start, end)]
        counts = 0
        for value in meant:
            texts[id(value)], count, wrong = _done(parameter, change, texts[id(value)])
            counts += count
            if wrong:
                faults.append(Fault(change.typed, wrong))
                return parameter
        if not counts:
            faults.append(Fault(change.typed, _nothing_met(parameter, values)))
            return parameter
    typed = "; ".join(change.typed for change in changes)
    context = Context(pack.instruments, (), date.max, None)
    read = [_read(parameter, value, texts[id(value)], typed, context, faults) for value in values]
    return replace(parameter, values=tuple(read))


def _bounds(change: Change) -> tuple[date | None, date | None]:
    """The first day that a change holds for, and the first that it does no more."""
    start = change.since.first if change.since else None
    end = change.until.last + timedelta(days=1) if change.until else None
    return start, end


def _within(value: DatedValue, start: date | None, end: date | None) -> bool:
    return (start is None or value.valid_from >= start) and (end is None or value.valid_from < end)


Texts = Text | list[TextRow]


def _split(
    parameter: Parameter, values: Sequence[DatedValue], texts: Mapping[int, Texts], day: date | None
) -> tuple[tuple[DatedValue, ...], dict[int, Texts]]:
    """Values with one more that begins on a day: what each text known by then says of that day."""
    if day is None:
        return tuple(values), dict(texts)
    pieces: list[DatedValue] = []
    told = dict(texts)
    held = replace(parameter, values=tuple(values))
    for published in sorted({value.published for value in values if value.valid_from <= day}):
        value = held.at(day, published)
        if value is not None and value.valid_from < day:
            piece = replace(value, valid_from=day, published=published)
            told[id(piece)] = texts[id(value)]
            pieces.append(piece)
    ordered = sorted([*values, *pieces], key=lambda value: (value.valid_from, value.published))
    return tuple(ordered), told


def _done(parameter: Parameter, change: Change, content: Texts) -> tuple[Texts, int, str]:
    if parameter.columns is None:
        assert parameter.field is not None and not isinstance(content, list)
        text, wrong = changed_text(content, change, _kind_of(parameter.field))
        return text, 1, wrong
    rows = content if isinstance(content, list) else []
    columns = parameter.columns
    kinds = {name: _kind_of(field) for name, field in columns.items()}
    return change_rows(change, rows, kinds, lambda: dict.fromkeys(columns))


def _kind_of(field: Field) -> Kind:
    return Kind(field.type.scale if field.type.numeric else None)


def _nothing_met(parameter: Parameter, values: Sequence[DatedValue]) -> str:
    """Why a change meets nothing: no value in its span, or no row; with the rows there are."""
    contents = [value.content for value in values if isinstance(value.content, tuple)]
    if parameter.columns is None or not contents:
        return "no value begins or holds then: write an earlier period behind @"
    rows = [dict(zip(parameter.columns, row)) for row in contents[-1]]
    keys = [", ".join(f"{name}={_text(row[name]) or ''}" for name in parameter.key) for row in rows]
    there = "; ".join(f"[{key}]" for key in keys) or "none"
    return f"no row is meant; rows there are: {there}. [new, …] adds one"


def _texts(parameter: Parameter, content: Content) -> Texts:
    if parameter.columns is None:
        return _text(content) if not isinstance(content, tuple) else None
    rows = content if isinstance(content, tuple) else ()
    return [dict(zip(parameter.columns, map(_text, row))) for row in rows]


def _text(cell: Scalar | None) -> Text:
    if cell is None:
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return f"{cell:f}" if isinstance(cell, Decimal) else str(cell)


def _read(
    parameter: Parameter,
    value: DatedValue,
    content: Texts,
    typed: str,
    context: Context,
    faults: list[Fault],
) -> DatedValue:
    """The value with what the changes made of it; itself where they made nothing of it."""
    if content == _texts(parameter, value.content):
        return value
    found: list[Fault] = []
    read = read_content(Place(typed, found, (f"since {value.valid_from}",)), parameter, content, context)
    # Each dated value has the same fault; it is told once.
    told = {fault.what for fault in faults if fault.where.startswith(typed)}
    faults += [fault for fault in found if fault.what not in told]
    if read == value.content and not value.repealed:
        return value
    reason = f"simulated: {typed}; departs from {value.law}"
    return replace(value, content=read, law=OPEN, reason=reason, repealed=False)
