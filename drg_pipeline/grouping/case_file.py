"""One case file as a typed relation, with all that is wrong in it.

Nothing is grouped here, and no table of the models is known.
"""

from __future__ import annotations

import csv
import gzip
import shutil
import zlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO

import duckdb

from drg_pipeline.duck import file_literal, first_line, literal, quoted, write_parquet
from drg_pipeline.errors import DrgError, Fault, WrongUse
from drg_pipeline.grouping.case_layout import CaseColumn, CaseLayout
from drg_pipeline.ingest.foreign import GZIP, PARQUET, header_hint, kind_of, start_of

SUFFIXES = (".csv", ".csv.gz", ".parquet")
NUMBER = "record_no"
SEPARATOR = "|"
WHOLE = "-?[0-9]{1,18}"
LARGEST = 10**18
LISTED = 1000  # faults that an error carries
_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
INTEGERS = frozenset((*_INTEGERS, *(f"U{name}" for name in _INTEGERS)))


@dataclass(frozen=True)
class Cases:
    """A case file as SQL: `relation` has the layout's columns, the expected ones, and the row's number.

    expected  those columns of the answer that the file says an expected value of
    absent    columns of the layout that the file does not have
    unread    columns of the file that nothing looks at
    """

    path: Path
    relation: str
    rows: int
    expected: tuple[str, ...]
    absent: tuple[str, ...]
    unread: tuple[str, ...]


def open_cases(con: duckdb.DuckDBPyConnection, path: Path, layout: CaseLayout, scratch: Path) -> Cases:
    """A case file as a relation; DrgError with all that is wrong with its columns, or with its cells.

    A file whose cells have to be read as text is read once, into a Parquet file in `scratch`.
    """
    if not path.is_file():
        raise WrongUse(f"{path} is not a file.", remedy="Name a case file.")
    if not path.name.lower().endswith(SUFFIXES):
        raise WrongUse(
            f"{path.name} is no case file by its name.", remedy=f"It ends in {', '.join(SUFFIXES)}."
        )
    parquet = path.name.lower().endswith(".parquet")
    known = frozenset((*(column.name for column in layout.columns), *layout.expected.values()))
    text: Path | None = None
    _refuse_foreign(path, parquet)
    if parquet:
        types, source = _parquet_types(con, path), f"read_parquet({file_literal(path)})"
    else:
        text = _unpacked(path, scratch) if path.name.lower().endswith(".gz") else path
        _refuse_foreign(text, parquet, path)
        header = _header(path, text)
        if not known.intersection(header) and (hint := header_hint(start_of(text), known)):
            raise DrgError(
                f"{path} is not a case file: line 1 is no header: {hint}.", state="Nothing was written."
            )
        types = dict.fromkeys(header, "VARCHAR")
        source = _csv(text, header, known)
    cells = [_Cell(column, types.get(column.name)) for column in layout.columns]
    expected = {name: column for name, column in layout.expected.items() if column in types}
    _check_columns(path, layout, cells)
    relation = f"read_parquet({file_literal(path)}, file_row_number = true)"
    taken = [f"{cell.sql} as {quoted(cell.column.name)}" for cell in cells]
    also = [f"cast({quoted(column)} as varchar) as {quoted(column)}" for column in expected.values()]
    doubt = [cell for cell in cells if cell.doubt]
    if not parquet or doubt:
        staged = scratch / "cases.parquet"
        wrong = " or ".join(f"({cell.doubt})" for cell in doubt) or "false"
        _stage(con, source, [*taken, *also, f"({wrong}) as wrong"], staged, path)
        relation = f"read_parquet({file_literal(staged)}, file_row_number = true)"
        if con.execute(f"select bool_or(wrong) from {relation}").fetchall()[0][0]:
            raise _faults(con, path, text, source, doubt)
        names = [quoted(name) for name in (*(cell.column.name for cell in cells), *expected.values())]
        taken, also = names, []
    rows = int(con.execute(f"select count(*) from {relation}").fetchall()[0][0])
    return Cases(
        path=path,
        relation=f"select {', '.join([*taken, *also])}, file_row_number as {NUMBER} from {relation}",
        rows=rows,
        expected=tuple(expected),
        absent=tuple(cell.column.name for cell in cells if cell.kind is None),
        unread=tuple(name for name in types if name and name not in known),
    )


class _Cell:
    """How one column of a file is read: `sql` is its typed value, `doubt` is true where it has none."""

    def __init__(self, column: CaseColumn, kind: str | None) -> None:
        self.column = column
        self.kind = kind
        self.doubt = ""
        self.fault = ""
        name = quoted(column.name)
        if kind is None:
            self.sql = f"cast(null as {column.type.sql})"
        elif column.kind == "text":
            self.sql = name if kind == "VARCHAR" else f"cast({name} as varchar)"
            self.sql = f"nullif({name}, '')" if kind == "VARCHAR" else self.sql
            self.fault = "" if kind in ("VARCHAR", *INTEGERS) else "text"
        elif column.kind == "codes":
            self.sql = name if kind == "VARCHAR[]" else f"string_split(nullif({name}, ''), '{SEPARATOR}')"
            self.fault = "" if kind in ("VARCHAR", "VARCHAR[]") else "a list of texts, or one text"
        else:
            self._whole(name, kind)

    def _whole(self, name: str, kind: str) -> None:
        if kind in INTEGERS - {"HUGEINT", "UHUGEINT", "UBIGINT"}:
            self.sql = f"cast({name} as bigint)"
            return
        if kind == "VARCHAR":
            self.doubt = f"coalesce({name}, '') <> '' and not regexp_full_match({name}, '{WHOLE}')"
        elif kind in INTEGERS or kind in ("DOUBLE", "FLOAT") or kind.startswith("DECIMAL"):
            self.doubt = f"{name} is not null and not ({name} = floor({name}) and abs({name}) < {LARGEST})"
        else:
            self.fault = "whole numbers"
        value = f"nullif({name}, '')" if kind == "VARCHAR" else name
        self.sql = f"case when not ({self.doubt}) then cast({value} as bigint) end"


def _check_columns(path: Path, layout: CaseLayout, cells: Sequence[_Cell]) -> None:
    there = {cell.column.name for cell in cells if cell.kind is not None}
    faults = [
        Fault(cell.column.name, "the column is missing: add it to the header")
        for cell in cells
        if cell.kind is None and cell.column.required
    ]
    if not there & set(layout.any_of):
        faults.append(Fault(" and ".join(layout.any_of), "both columns are missing: at least one is needed"))
    faults += [
        Fault(cell.column.name, f"is {cell.kind}, not {cell.fault}: write it as such")
        for cell in cells
        if cell.fault
    ]
    if faults:
        raise DrgError(
            f"{path} is not a case file: {len(faults)} fault{'' if len(faults) == 1 else 's'}.",
            faults,
            state="Nothing was written.",
            remedy=f"Columns that are looked at: {', '.join(column.name for column in layout.columns)}.",
        )


# -- reading -----------------------------------------------------------------------------------


def _refuse_foreign(file: Path, parquet: bool, path: Path | None = None) -> None:
    """A file that is of another kind than its name says; `path` names what `file` was unpacked from."""
    kind = kind_of(start_of(file))
    if not kind or (kind == PARQUET and parquet) or (kind == GZIP and path is None):
        return
    wanted = "a Parquet file" if parquet else "a CSV file"
    raise DrgError(
        f"{path or file} is {kind}, not {wanted}.",
        state="Nothing was written.",
        remedy="Save the cases as CSV (UTF-8), or name the file by what it is.",
    )


def _parquet_types(con: duckdb.DuckDBPyConnection, path: Path) -> dict[str, str]:
    try:
        found = con.execute(f"describe select * from read_parquet({file_literal(path)})").fetchall()
    except duckdb.Error as error:
        raise DrgError(f"{path} is not a Parquet file.", [first_line(error)]) from error
    return {str(name): str(kind) for name, kind, *_ in found}


def _unpacked(path: Path, scratch: Path) -> Path:
    """The text of a packed file; one that is cut short is refused, where DuckDB would take what there is."""
    text = scratch / "cases.csv"
    try:
        with gzip.open(path) as packed, text.open("wb") as plain:
            shutil.copyfileobj(packed, plain, 1 << 20)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DrgError(f"{path} cannot be unpacked.", [str(error)], state="Nothing was written.") from None
    return text


def _opened(text: Path) -> IO[str]:
    return text.open(encoding="utf-8-sig", newline="")


def _header(path: Path, text: Path) -> list[str]:
    try:
        with _opened(text) as opened:
            header = next(csv.reader(opened, strict=True), [])
    except UnicodeDecodeError as error:
        raise DrgError(
            f"{path} is not UTF-8 (byte {error.start}).",
            state="Nothing was written.",
            remedy="Save it as UTF-8.",
        ) from None
    except csv.Error as error:
        raise DrgError(f"{path} cannot be read.", [str(error)], state="Nothing was written.") from None
    doubled = sorted({name for name in header if name and header.count(name) > 1})
    if doubled or not header:
        what = f"the header has {', '.join(doubled)} more than once" if doubled else "there is no header"
        raise DrgError(f"{path} is not a case file: {what}.", state="Nothing was written.")
    return header


def _csv(text: Path, header: Sequence[str], known: Collection[str]) -> str:
    # A column that nothing looks at may be called anything, even nothing.
    names = [name if name in known else f"unread {place}" for place, name in enumerate(header)]
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
    return (
        f"read_csv({file_literal(text)}, auto_detect = false, header = true, columns = {{{columns}}}, "
        "delim = ',', quote = '\"', escape = '\"', nullstr = '', strict_mode = true, store_rejects = true)"
    )


def _stage(
    con: duckdb.DuckDBPyConnection, source: str, columns: Sequence[str], staged: Path, path: Path
) -> None:
    """Write the typed rows of a file in its order; DrgError where rows cannot be read."""
    staged.unlink(missing_ok=True)
    for table in ("reject_errors", "reject_scans"):
        con.execute(f"drop table if exists {table}")
    con.execute("set preserve_insertion_order = true")
    try:
        write_parquet(con, f"select {', '.join(columns)} from {source}", staged, kept=False)
    except duckdb.Error as error:
        raise DrgError(
            f"{path} cannot be read.", [first_line(error)], state="Nothing was written."
        ) from error
    finally:
        con.execute("set preserve_insertion_order = false")
    if "read_csv" not in source:
        return
    told = con.execute(
        "select line, any_value(error_message) from reject_errors group by line order by line"
    ).fetchall()
    if told:
        faults = [Fault(f"line {line}", str(what).splitlines()[0]) for line, what in told]
        raise DrgError(
            f"{path} has {len(faults)} rows that cannot be read.",
            faults,
            state="Nothing was written.",
            remedy="Correct them: commas between cells; a cell with a comma, quote or line break in quotes.",
        )


def _faults(
    con: duckdb.DuckDBPyConnection, path: Path, text: Path | None, source: str, doubt: Sequence[_Cell]
) -> DrgError:
    """All cells that are no whole numbers, by line."""
    names = [quoted(cell.column.name) for cell in doubt]
    where = " or ".join(f"({cell.doubt})" for cell in doubt)
    con.execute("set preserve_insertion_order = true")
    con.execute(
        f"create or replace temp table odd as select * from (select row_number() over () as n, * from ("
        f"select {', '.join(names)} from {source})) where {where}"
    )
    con.execute("set preserve_insertion_order = false")
    each = " union all ".join(
        f"select n, '{cell.column.name}' as name, cast({quoted(cell.column.name)} as varchar) as value "
        f"from odd where {cell.doubt}"
        for cell in doubt
    )
    total = con.execute(f"select count(*) from ({each})").fetchall()[0][0]
    found = con.execute(f"{each} order by n, name limit {LISTED}").fetchall()
    lines = _lines(text, [n for n, *_ in found])
    con.execute("drop table odd")
    return DrgError(
        f"{path} has {total:,} cell{'' if total == 1 else 's'} that should be whole numbers and are not.",
        [Fault(lines[n], f"{name} is {value!r}") for n, name, value in found],
        state="Nothing was written.",
        remedy="Write whole numbers, or leave a cell empty where the value is missing.",
    )


def _lines(text: Path | None, numbers: Sequence[int]) -> dict[int, str]:
    """Where the n-th records of a file start: physical lines of a text, else the numbers of the rows."""
    if text is None:
        return {n: f"row {n}" for n in numbers}
    wanted = set(numbers)
    with _opened(text) as opened:
        starts = islice(_starts(opened), max(wanted) + 1)
        return {n: f"line {start}" for n, start in enumerate(starts) if n in wanted}


def _starts(text: IO[str]) -> Iterator[int]:
    reader = csv.reader(text)
    start = 1
    for record in reader:
        if record:
            yield start
        start = reader.line_num + 1
