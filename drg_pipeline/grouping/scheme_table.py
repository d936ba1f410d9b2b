"""One CSV file of a scheme as columns of exact texts, each row with the physical line it starts on.

Header, fields, types, domains and keys are judged here, column by column, so that a hundred thousand
rows take a moment. What one file has to do with another is in `scheme_checks.py`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from drg_pipeline.errors import Fault
from drg_pipeline.grouping.scheme_head import decode
from drg_pipeline.ingest.reference_cells import shown, type_cell
from drg_pipeline.ingest.reference_layout import ReferenceFile

# A code that stands twice in one set of classes has the class of its last row.
LAST_ROW_COUNTS = frozenset({"code_class"})


_BLANK: list[str] = []


@dataclass
class Table:
    """The rows of a file, column by column.

    lines     physical line of each row (the header is line 1)
    broken    rows with a cell that is wrong
    complete  no row had to be left out
    """

    file: ReferenceFile
    columns: dict[str, list[str]]
    lines: Sequence[int]
    broken: frozenset[int] = frozenset()
    complete: bool = True

    def __len__(self) -> int:
        return len(self.lines)

    def keys(self, *names: str) -> list[tuple[str, ...]]:
        return list(zip(*(self.columns[name] for name in names)))

    def fault(self, row: int, what: str) -> Fault:
        return Fault(f"{self.file.file_name} line {self.lines[row]}", what)

    def without(self, rows: set[int]) -> Table:
        kept = [row for row in range(len(self)) if row not in rows]
        place = {row: number for number, row in enumerate(kept)}
        return Table(
            self.file,
            {name: [column[row] for row in kept] for name, column in self.columns.items()},
            [self.lines[row] for row in kept],
            frozenset(place[row] for row in self.broken if row in place),
            self.complete,
        )


def empty_table(file: ReferenceFile) -> Table:
    return Table(file, {column.name: [] for column in file.columns}, [])


def read_table(raw: bytes, file: ReferenceFile, faults: list[Fault], notes: list[str]) -> Table | None:
    """The rows of a file; None, with faults, where its text or header does not let them be read."""
    text = decode(raw, file.file_name, faults)
    if text is None:
        return None
    records: list[list[str]] = []
    # csv must see the carriage returns, and only a line feed ends a line.
    reader = csv.reader(io.StringIO(text, newline="\n"), strict=True)
    complete = True
    try:
        # One empty list for all blank lines, which may be millions.
        records.extend(record or _BLANK for record in reader)
    except csv.Error as error:
        if "new-line" in str(error) or text.partition("\n")[0].endswith("\r"):
            faults.append(_line_ends(file))
            return None
        line = _starts(records)[-1]
        what = f"cannot be split into fields ({error}): check the quotes from here on"
        faults.append(Fault(f"{file.file_name} line {line}", what))
        complete = False
        if not records:
            return None
    if complete and _ends_with_carriage_return(text, records):
        faults.append(_line_ends(file))
        return None
    header = records[0] if records else []
    if not _header_holds(header, file, faults):
        return None
    plain = text.count("\n") + (not text.endswith("\n")) == len(records)
    lines: Sequence[int] = range(2, len(records) + 1) if plain else _starts(records)[1:-1]
    rows = records[1:]
    if any(len(row) != len(header) for row in rows):
        lines, rows, whole = _full_rows(rows, lines, header, file, faults)
        complete = complete and whole
    values: Iterable[Iterable[str]] = zip(*rows) if rows else [[] for _ in header]
    by_name = dict(zip(header, (list(column) for column in values)))
    table = Table(file, {column.name: by_name[column.name] for column in file.columns}, lines)
    table.complete = complete
    table.broken = frozenset(_check_cells(table, faults))
    return _check_keys(table, faults, notes)


def _ends_with_carriage_return(text: str, records: list[list[str]]) -> bool:
    """Whether a carriage return stands outside of quotes; inside it is part of the value."""
    if "\r" not in text:
        return False
    inside = sum(cell.count("\r") for record in records for cell in record)
    return text.count("\r") > inside


def _line_ends(file: ReferenceFile) -> Fault:
    return Fault(file.file_name, "its lines end with CR LF or CR: save it with LF (Unix) line ends")


def _starts(records: list[list[str]]) -> list[int]:
    """The line on which each record starts, and the line after the last one."""
    starts = [1]
    for record in records:
        starts.append(starts[-1] + 1 + sum(cell.count("\n") for cell in record))
    return starts


def _header_holds(header: list[str], file: ReferenceFile, faults: list[Fault]) -> bool:
    names = [column.name for column in file.columns]
    where = f"{file.file_name} line 1"
    if not any(header):
        faults.append(Fault(where, f"has no header: its first line has to name {', '.join(names)}"))
        return False
    found = ", ".join(shown(name) for name in header)
    before = len(faults)
    missing = [name for name in names if name not in header]
    if missing:
        faults.append(Fault(where, f"column {', '.join(missing)} is missing (found: {found}): add it"))
    for name in dict.fromkeys(header):
        if name not in names:
            faults.append(Fault(where, f"column {shown(name)} is not one of the layout: take it out"))
        elif header.count(name) > 1:
            faults.append(Fault(where, f"column {name} stands twice: keep one"))
    return len(faults) == before


def _full_rows(
    rows: list[list[str]], lines: Sequence[int], header: list[str], file: ReferenceFile, faults: list[Fault]
) -> tuple[list[int], list[list[str]], bool]:
    """The rows that have all fields; empty lines are none, others that are too short or long are faults."""
    kept: list[tuple[int, list[str]]] = []
    whole = True
    for line, row in zip(lines, rows):
        if len(row) == len(header):
            kept.append((line, row))
        elif row:
            what = f"has {len(row)} fields, the header has {len(header)}: quote a value that holds a comma"
            faults.append(Fault(f"{file.file_name} line {line}", what))
            whole = False
    return [line for line, _ in kept], [row for _, row in kept], whole


def _check_cells(table: Table, faults: list[Fault]) -> set[int]:
    """The rows with a cell that is empty, of another type or outside its domain."""
    found: list[tuple[int, str, str]] = []
    for column in table.file.columns:
        values = table.columns[column.name]
        if column.kind == "text" and not column.domain:
            wrong = {"": type_cell("", column)[1]} if column.required and "" in values else {}
        else:
            wrong = {value: what for value in set(values) if (what := type_cell(value, column)[1])}
        if wrong:
            found += [(row, column.name, wrong[value]) for row, value in enumerate(values) if value in wrong]
    for row, name, what in sorted(found):
        where = f"{table.file.file_name} line {table.lines[row]}, {name}"
        faults.append(Fault(where, f"{what}: correct it"))
    return {row for row, _, _ in found}


def _check_keys(table: Table, faults: list[Fault], notes: list[str]) -> Table:
    """The table with one row a key, where the layout says which of several counts; else faults."""
    file = table.file
    keys = table.keys(*file.key)
    if len(set(keys)) == len(keys):
        return table
    first: dict[tuple[str, ...], int] = {}
    again: set[int] = set()
    overruled: set[int] = set()
    named: list[str] = []
    for row, key in enumerate(keys):
        before = first.setdefault(key, row)
        if before == row or row in table.broken:
            continue
        told = ", ".join(f"{name} {shown(value)}" for name, value in zip(file.key, key) if value)
        if file.name in LAST_ROW_COUNTS:
            named.append(f"{told} (line {table.lines[row]} counts, not line {table.lines[before]})")
            overruled.add(before)
            first[key] = row
        elif file.repeats and all(
            table.columns[name][row] == table.columns[name][before] for name in file.repeats
        ):
            again.add(row)
        else:
            what = f"{told} stands twice (first in line {table.lines[before]}): keep one of the rows"
            faults.append(table.fault(row, what))
    if named:
        notes.append(f"{file.file_name}: of rows for one code the last counts: {several(named)}")
    if again:
        lines = several([f"line {table.lines[row]}" for row in sorted(again)])
        notes.append(f"{file.file_name}: rows that stand twice count once: {lines}")
    return table.without(again | overruled) if again or overruled else table


def several(names: Sequence[str], most: int = 5) -> str:
    """The first of many names, and how many more there are."""
    more = f" … and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
