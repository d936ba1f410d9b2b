"""The reference files of a simulation: those of the lake, or of a folder, with the changes done.

They are written as files, so that they are read, typed and refused exactly as an agency's own.
"""

from __future__ import annotations

import csv
import difflib
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

from drg_pipeline.duck import quoted
from drg_pipeline.errors import DrgError, Fault
from drg_pipeline.ingest.reference import SCHEMA
from drg_pipeline.ingest.reference_cells import read_records
from drg_pipeline.ingest.reference_layout import FROM, ReferenceColumn, ReferenceFile, ReferenceLayout
from drg_pipeline.lake.engine import Engine
from drg_pipeline.lake.parquet import parquet
from drg_pipeline.lake.store import Store
from drg_pipeline.periods import WHOLE
from drg_pipeline.simulation.change import Change, Kind, Text, TextRow, change_rows

PREFIX = f"{SCHEMA}."
Tables = Mapping[str, Sequence[TextRow]]


def tables_of_lake(engine: Engine, store: Store, layout: ReferenceLayout) -> dict[str, list[TextRow]]:
    """The reference tables that a lake holds, as text; a table that was never published is empty."""
    tables: dict[str, list[TextRow]] = {}
    with closing(engine.connect()) as con:
        for file in layout.files:
            path = store.file(PREFIX + file.name, WHOLE)
            tables[file.name] = []
            if path.is_file():
                cells = ", ".join(_cell_text(column) for column in file.columns)
                found = con.execute(f"select {cells} from {parquet([path])} order by all").fetchall()
                names = [column.name for column in file.columns]
                tables[file.name] = [dict(zip(names, row)) for row in found]
    return tables


def _cell_text(column: ReferenceColumn) -> str:
    name = quoted(column.name)
    whole = f"cast({name} as integer)" if column.kind == "boolean01" else name
    return f"cast({whole} as varchar) as {name}"


def tables_of_folder(folder: Path, layout: ReferenceLayout) -> dict[str, list[TextRow]]:
    """The reference files of a folder, as text; what is wrong with their cells shows when they are loaded."""
    if not folder.is_dir():
        raise DrgError(f"The reference folder {folder} is not there.", state="Nothing was computed.")
    tables: dict[str, list[TextRow]] = {}
    faults: list[Fault] = []
    for file in layout.files:
        tables[file.name] = []
        if (folder / file.file_name).is_file():
            records = read_records(folder / file.file_name)
            faults += records.faults
            for line, cells in records.rows:
                if len(cells) != len(records.header):
                    what = f"has {len(cells)} fields, the header has {len(records.header)}"
                    faults.append(Fault(f"{file.file_name} line {line}", what))
                row = dict(zip(records.header, cells))
                tables[file.name].append({c.name: row.get(c.name) or None for c in file.columns})
    if faults:
        raise DrgError(
            f"The reference files in {folder} cannot be read.", faults, state="Nothing was computed."
        )
    return tables


def change_tables(
    tables: Tables, layout: ReferenceLayout, changes: Sequence[Change], first: date, faults: list[Fault]
) -> dict[str, list[TextRow]]:
    """The tables with the changes done in their order; what is wrong with any of them becomes a fault.

    first   the day from which an added row holds where the change does not say
    """
    changed = {name: list(rows) for name, rows in tables.items()}
    for change in changes:
        aim = _aim(layout, change, faults)
        if aim is None:
            continue
        file, change = aim
        rows, count, wrong = change_rows(
            change,
            changed[file.name],
            {column.name: _kind(column) for column in file.columns},
            lambda file=file: _new_row(file, first),  # type: ignore[misc]
        )
        if wrong or not count:
            faults.append(Fault(change.typed, wrong or _nothing_met(file, changed[file.name])))
        changed[file.name] = rows
    return changed


def _aim(layout: ReferenceLayout, change: Change, faults: list[Fault]) -> tuple[ReferenceFile, Change] | None:
    """The file and column that a change is about."""
    if change.since:
        faults.append(
            Fault(change.typed, "@ is for the law: choose rows of a reference file by their columns")
        )
        return None
    parts = change.name.split(".")[1:]
    column = change.column or (parts[1] if len(parts) == 2 else "")
    files = {file.name: file for file in layout.files}
    if not parts or parts[0] not in files or len(parts) > (1 if change.column else 2):
        meant = difflib.get_close_matches(parts[0] if parts else "", files, n=3, cutoff=0.5) or files
        faults.append(
            Fault(
                change.typed, f"there is no reference file {'.'.join(parts)}; there are: {', '.join(meant)}"
            )
        )
        return None
    file = files[parts[0]]
    names = [own.name for own in file.columns]
    unknown = [name for name in [column, *(change.chosen or {})] if name not in names]
    if unknown:
        what = f"{', '.join(unknown)} is no column of {file.name}" if column else "names no column"
        faults.append(Fault(change.typed, f"{what}; its columns: {', '.join(names)}"))
        return None
    return file, replace(change, column=column)


def _kind(column: ReferenceColumn) -> Kind:
    return Kind(column.type.scale if column.kind in ("whole", "decimal") else None)


def _new_row(file: ReferenceFile, first: date) -> TextRow:
    row: TextRow = dict.fromkeys(column.name for column in file.columns)
    return {**row, FROM: str(first)} if file.validity else row


def _nothing_met(file: ReferenceFile, rows: Sequence[TextRow]) -> str:
    """Why a change meets nothing, with what the key columns hold."""
    held = [f"{name}: {_some({row[name] for row in rows})}" for name in file.key]
    return f"no row is meant; {file.name} has {len(rows)} ({'; '.join(held)}). [new, …] adds one"


def _some(texts: set[Text]) -> str:
    known = sorted(text or "(empty)" for text in texts)
    return ", ".join(known[:8]) + (f", … {len(known)} in all" if len(known) > 8 else "")


def write_tables(tables: Tables, layout: ReferenceLayout, folder: Path) -> None:
    """Write the tables as the reference files of a folder; an empty one is no file unless it is required."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in layout.files:
        if not tables[file.name] and not file.required:
            continue
        with open(folder / file.file_name, "w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out)
            writer.writerow([column.name for column in file.columns])
            writer.writerows(
                [[row[column.name] or "" for column in file.columns] for row in tables[file.name]]
            )
