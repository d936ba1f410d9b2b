"""Loads a region's reference files into typed tables, all of them or none.

Only the way from files to tables lives here: header, cells, keys, validity and the row rules that
the layout names. Which files and columns exist is data; what they mean for money is SQL.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from pathlib import Path

import duckdb

from drg_pipeline.errors import DrgError, Fault
from drg_pipeline.ingest.reference_cells import Records, Value, read_records, type_cell
from drg_pipeline.ingest.reference_layout import FROM, TO, ReferenceFile, ReferenceLayout, Rule
from drg_pipeline.ingest.spelling import kept_sql

SCHEMA = "reference"

# Wide enough that no sum or product of two 38-digit decimals is rounded before its end.
_EXACT = Context(prec=100, rounding=ROUND_HALF_UP)


@dataclass(frozen=True)
class _Row:
    line: int
    values: Mapping[str, Value]


def load_reference(folder: Path, layout: ReferenceLayout, con: duckdb.DuckDBPyConnection) -> list[str]:
    """Creates schema `reference` with one table per file of the layout; returns notes for the log.

    An absent file is an empty table. Every fault of every file is told in one error, and then no
    table is touched.
    """
    if not folder.is_dir():
        raise DrgError(
            f"The reference folder {folder} is not there.",
            state="Nothing was loaded.",
            remedy="Create it with at least: "
            + ", ".join(f.file_name for f in layout.files if f.required)
            + ".",
        )
    notes: list[str] = []
    faults: list[Fault] = []
    absent: list[str] = []
    tables: dict[str, list[_Row]] = {}
    for file in layout.files:
        tables[file.name] = []
        if (folder / file.file_name).is_file():
            tables[file.name] = _read(folder / file.file_name, file, con, faults, notes)
        elif file.required:
            faults.append(Fault(file.file_name, "is missing, and it is required"))
        else:
            absent.append(file.file_name)
    if faults:
        raise DrgError(
            f"The reference files in {folder} were not loaded: {_count(len(faults), 'fault')}.",
            faults,
            state="None of them was taken in; what is computed stands as it was.",
            remedy="Correct the files and run again.",
        )
    if absent:
        verb = "is absent, taken as empty" if len(absent) == 1 else "are absent, each taken as empty"
        notes.insert(0, f"{SCHEMA}: {', '.join(absent)} {verb}")
    known = {file.file_name for file in layout.files}
    unknown = sorted(
        p.name for p in folder.glob("*.csv") if p.name not in known and not p.name.startswith(".")
    )
    if unknown:
        notes.append(f"{SCHEMA}: not a reference file, not read: {', '.join(unknown)}")
    _fill(layout, tables, con)
    return notes


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _read(
    path: Path, file: ReferenceFile, con: duckdb.DuckDBPyConnection, faults: list[Fault], notes: list[str]
) -> list[_Row]:
    records = read_records(path)
    faults += records.faults
    if not records.header:
        return []
    before = len(faults)
    _check_header(records, file, faults, notes)
    if len(faults) > before:
        return []
    position = {name: records.header.index(name) for name in records.header if name}
    _spell(records, position, file, con)
    rows = [
        row
        for line, cells in records.rows
        if (row := _type_row(line, cells, position, records, file, faults))
    ]
    return _check_keys(rows, file, faults)


def _check_header(records: Records, file: ReferenceFile, faults: list[Fault], notes: list[str]) -> None:
    named = [name for name in records.header if name]
    found = ", ".join(named)
    for column in file.columns:
        if column.required and column.name not in named:
            faults.append(Fault(file.file_name, f"column {column.name} is missing (found: {found})"))
    for name in sorted({name for name in named if named.count(name) > 1}):
        faults.append(Fault(file.file_name, f"column {name} stands twice in the header"))
    extra = [name for name in named if name not in {column.name for column in file.columns}]
    if extra:
        notes.append(f"{SCHEMA}: {file.file_name} has columns that are not used: {', '.join(extra)}")


def _spell(
    records: Records, position: Mapping[str, int], file: ReferenceFile, con: duckdb.DuckDBPyConnection
) -> None:
    """Puts the cells of coded columns into their normal form."""
    for column in file.columns:
        if column.spelling is None or column.name not in position:
            continue
        place = position[column.name]
        rows = [cells for _, cells in records.rows if len(cells) > place]
        normal = kept_sql(column.spelling, "cell", identifier=column.identifier)
        found = con.execute(
            f"SELECT list_transform(CAST(? AS VARCHAR[]), lambda cell: {normal})",
            [[cells[place] for cells in rows]],
        ).fetchall()[0][0]
        for cells, cell in zip(rows, found, strict=True):
            cells[place] = cell or ""


def _type_row(
    line: int,
    cells: Sequence[str],
    position: Mapping[str, int],
    records: Records,
    file: ReferenceFile,
    faults: list[Fault],
) -> _Row | None:
    where = f"{file.file_name} line {line}"
    if len(cells) < len(records.header) or any(cells[len(records.header) :]):
        faults.append(Fault(where, f"has {len(cells)} fields, the header has {len(records.header)}"))
        return None
    values: dict[str, Value] = {}
    sound = True
    for column in file.columns:
        cell = cells[position[column.name]] if column.name in position else ""
        values[column.name], wrong = type_cell(cell, column)
        if wrong:
            faults.append(Fault(f"{where}, {column.name}", wrong))
            sound = False
    if not sound:
        return None
    faults += [Fault(where, wrong) for rule in file.rules if (wrong := _broken(rule, values, file))]
    since, until = values.get(FROM), values.get(TO)
    if isinstance(since, date) and isinstance(until, date) and until < since:
        faults.append(Fault(f"{where}, {TO}", f"{until} lies before {FROM} {since}"))
        return None
    return _Row(line, values)


def _broken(rule: Rule, values: Mapping[str, Value], file: ReferenceFile) -> str:
    """What the row breaks of the rule, or ''."""
    filled = [name for name in rule.columns if values[name] is not None]
    if rule.kind == "any_of":
        return "" if filled else f"one of {', '.join(rule.columns)} has to be filled"
    if rule.kind == "all_or_none":
        empty = [name for name in rule.columns if name not in filled]
        return (
            f"{', '.join(empty)} is empty: fill all of {rule.columns[0]} … {rule.columns[-1]} or none"
            if filled and empty
            else ""
        )
    if len(filled) < len(rule.columns):
        return ""
    total, less = values[rule.total], values[rule.less]
    if not isinstance(total, Decimal) or not isinstance(less, Decimal):
        return ""
    cent = Decimal(1).scaleb(-file.column(rule.total).type.scale)
    wanted = _EXACT.quantize(_EXACT.multiply(total, _EXACT.subtract(Decimal(1), less)), cent)
    added = Decimal(0)
    for name in filled:
        part = values[name]
        added = _EXACT.add(added, part if isinstance(part, Decimal) else Decimal(0))
    if added == wanted:
        return ""
    return (
        f"{rule.columns[0]} … {rule.columns[-1]} add up to {added}, not to {rule.total} × (1 − {rule.less}) "
        f"= {wanted} (difference {added - wanted})"
    )


def _check_keys(rows: list[_Row], file: ReferenceFile, faults: list[Fault]) -> list[_Row]:
    """The rows with one row a key (and day); agreeing repetitions fall away where the layout allows them."""
    groups: dict[tuple[Value, ...], list[_Row]] = defaultdict(list)
    for row in rows:
        groups[tuple(row.values[name] for name in file.key)].append(row)
    kept: list[_Row] = []
    for key, same in groups.items():
        named = ", ".join(
            f"{name} {value}" for name, value in zip(file.key, key, strict=True) if value is not None
        )
        if file.validity:
            kept += same
            faults += _overlaps(same, named, file)
            continue
        kept.append(same[0])
        for row in same[1:]:
            if not file.repeats:
                what = f"{named} stands twice (first in line {same[0].line})"
            elif any(row.values[name] != same[0].values[name] for name in file.repeats):
                what = f"{named} contradicts line {same[0].line} in {', '.join(file.repeats)}"
            else:
                continue
            faults.append(Fault(f"{file.file_name} line {row.line}", what))
    return kept


def _overlaps(same: list[_Row], named: str, file: ReferenceFile) -> list[Fault]:
    def since(row: _Row) -> date:
        value = row.values[FROM]
        return value if isinstance(value, date) else date.min

    def until(row: _Row) -> date:
        value = row.values[TO]
        return value if isinstance(value, date) else date.max

    faults: list[Fault] = []
    ordered = sorted(same, key=lambda row: (since(row), row.line))
    longest = ordered[0]
    for row in ordered[1:]:
        if since(row) <= until(longest):
            remedy = ""
            if until(longest) == date.max and since(row) > since(longest):
                remedy = f": end line {longest.line} on {since(row) - timedelta(days=1)}"
            faults.append(
                Fault(
                    f"{file.file_name} line {row.line}",
                    f"{named} holds from {since(row)}, when line {longest.line} still holds{remedy}",
                )
            )
        if until(row) > until(longest):
            longest = row
    return faults


def _fill(layout: ReferenceLayout, tables: Mapping[str, list[_Row]], con: duckdb.DuckDBPyConnection) -> None:
    # Values travel as parameters, one list a column, and DuckDB casts text to decimal exactly.
    con.execute(f'CREATE SCHEMA IF NOT EXISTS "{SCHEMA}"')
    for file in layout.files:
        typed = ", ".join(f'"{column.name}" {column.type.sql}' for column in file.columns)
        con.execute(f'CREATE OR REPLACE TABLE "{SCHEMA}"."{file.name}" ({typed})')
        rows = tables[file.name]
        if not rows:
            continue
        lists = [[_text(row.values[column.name]) for row in rows] for column in file.columns]
        unnested = ", ".join(
            f"CAST(unnest(CAST(? AS VARCHAR[])) AS {column.type.sql})" for column in file.columns
        )
        con.execute(f'INSERT INTO "{SCHEMA}"."{file.name}" SELECT {unnested}', lists)


def _text(value: Value) -> str | None:
    if isinstance(value, Decimal):
        return format(value, "f")
    return None if value is None else str(value)
