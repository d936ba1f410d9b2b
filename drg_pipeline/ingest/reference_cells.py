"""Reads one small CSV file of a person's making into records, and types its cells exactly.

A cell is hostile input: it becomes text, a date, a whole number or a decimal, or a fault, and is
never run or rounded. Which files and columns there are is in the layout, not here.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path

from drg_pipeline.errors import Fault
from drg_pipeline.ingest.foreign import START, kind_of, one_column_hint
from drg_pipeline.ingest.reference_layout import ReferenceColumn
from drg_pipeline.periods import MONTH, Period

Value = str | date | int | bool | Decimal | None

_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)?")
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
_NUMBER = re.compile(r"[+-]?([0-9]+)(?:\.([0-9]+))?")
_SHOWN = 40


@dataclass
class Records:
    """A file's header and its records, each with the physical line on which it starts."""

    header: list[str] = field(default_factory=list)
    rows: list[tuple[int, list[str]]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def read_records(path: Path) -> Records:
    """All records of a CSV file in UTF-8 (with or without BOM) or GB18030; blank lines are none."""
    records = Records()
    try:
        raw = path.read_bytes()
    except OSError as error:
        records.faults.append(Fault(path.name, f"cannot be read ({error.strerror})"))
        return records
    if kind := kind_of(raw[:START]):
        records.faults.append(Fault(path.name, f"is {kind}, not a CSV file: save it as CSV (UTF-8)"))
        return records
    text = _decode(raw)
    if text is None:
        records.faults.append(Fault(path.name, "is neither UTF-8 nor GB18030 text: save it as CSV (UTF-8)"))
        return records
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    start = 1
    try:
        for cells in reader:
            cells = [cell.strip() for cell in cells]
            if any(cells) and not records.header:
                records.header = cells
            elif any(cells):
                records.rows.append((start, cells))
            start = reader.line_num + 1
    except csv.Error as error:
        records.faults.append(
            Fault(f"{path.name} line {start}", f"cannot be split into fields ({error}): check its quotes")
        )
    if hint := one_column_hint(records.header):
        records.faults.append(Fault(path.name, f"line 1 is no header: {hint}"))
        records.header, records.rows = [], []
    elif not records.header and not records.faults:
        records.faults.append(Fault(path.name, "has no header: its first line has to name the columns"))
    return records


def _decode(raw: bytes) -> str | None:
    # GB18030 takes nearly any byte pair, so UTF-16 would come out as other characters, without an error.
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in raw:
        return None
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def type_cell(cell: str, column: ReferenceColumn) -> tuple[Value, str]:
    """The typed value and '', or None and what is wrong with the cell; an empty cell is None."""
    if not cell:
        return (None, "is empty, and a value is required") if column.required else (None, "")
    value, wrong = _typed(cell, column)
    if wrong:
        return None, f"{shown(cell)} {wrong}"
    if column.domain and value not in column.domain:
        return None, f"{shown(cell)} is not one of: {', '.join(column.domain)}"
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        if column.minimum is not None and value < column.minimum:
            return None, f"{shown(cell)} is below {column.minimum}"
        if column.maximum is not None and value > column.maximum:
            return None, f"{shown(cell)} is above {column.maximum}"
    return value, ""


def shown(cell: str) -> str:
    return repr(cell if len(cell) <= _SHOWN else cell[:_SHOWN] + "…")


def _typed(cell: str, column: ReferenceColumn) -> tuple[Value, str]:
    match column.kind:
        case "date":
            return _date(cell)
        case "month":
            return (cell, "") if Period.read(cell, MONTH) else (None, "is not a month (YYYY-MM)")
        case "whole":
            return (int(cell), "") if _WHOLE.fullmatch(cell) else (None, "is not a whole number")
        case "boolean01":
            return (cell == "1", "") if cell in ("0", "1") else (None, "is neither 0 nor 1")
        case "decimal":
            return _decimal(cell, column)
        case _:
            return cell, ""


def _date(cell: str) -> tuple[Value, str]:
    if parts := _DATE.fullmatch(cell):
        try:
            return date.fromisoformat(parts[1]), ""
        except ValueError:
            return None, "is a day that does not exist"
    return None, "is not a date (YYYY-MM-DD)"


def _decimal(cell: str, column: ReferenceColumn) -> tuple[Value, str]:
    parts = _NUMBER.fullmatch(cell)
    if not parts:
        return None, "is not a number (digits, and a point before the decimals)"
    whole, places = parts[1].lstrip("0"), (parts[2] or "").rstrip("0")
    if len(places) > column.type.scale:
        return None, f"has more than {column.type.scale} decimals"
    if len(whole) > column.type.precision - column.type.scale:
        return None, f"has more than {column.type.precision - column.type.scale} digits before the point"
    return Decimal(cell), ""
