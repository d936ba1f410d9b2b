"""A claim file's records as SQL: their lines, and the text of each field.

Lines that have the header's fields and nothing to be cleaned are split by DuckDB's own reader. Any other
physical line is read as one value and split in SQL, so that a bad line can harm no other. Nothing is typed
here; file and column names come from the layout.
"""

from __future__ import annotations

import difflib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import duckdb

from drg_pipeline.duck import file_literal, literal, quoted
from drg_pipeline.errors import DrgError
from drg_pipeline.ingest.certainty import Doubt, doubt_of
from drg_pipeline.ingest.clean import FIELDS, NUL, Cleaned, clean_text, read_text
from drg_pipeline.ingest.foreign import header_hint, kind_of, start_of
from drg_pipeline.ingest.layout import ClaimFile
from drg_pipeline.ingest.masking import looks_like_a_name
from drg_pipeline.ingest.parquet_text import parquet_column, parquet_faults
from drg_pipeline.ingest.parting import part_lines
from drg_pipeline.ingest.scan import LONGEST_LINE, FileFault, Header, Scan

_PARQUET = b"PAR1"
_VALUES = 3  # names that may look like values before a header is none


@dataclass(frozen=True)
class Source:
    """A delivered file: where it is and what it is part of."""

    path: Path
    month: str
    delivery: str
    claim_file: ClaimFile
    scan: Scan

    @property
    def delivery_name(self) -> str:
        return f"{self.month}/{self.delivery}"

    @property
    def name(self) -> str:
        """The file's name as every table and message shows it, relative to the inbox."""
        return f"{self.delivery_name}/{self.path.name}"

    @property
    def format(self) -> str:
        return self.path.suffix[1:]


@dataclass(frozen=True)
class Part:
    """Some records of a file as SQL.

    rows    SELECT of line and of what the record is made from
    split   a further column made from them, or nothing
    fields  line, broken (a code of REASONS), excerpt, fields_found, sure (how many columns have their own
            field for certain; null where all of them do), everything (the record's fields as one list) and
            `<column> text` for each layout column that the file has, null where the field is empty
    """

    rows: str
    fields: str
    split: str = ""

    def sql(self, join: str = "") -> str:
        return f"SELECT {self.fields} FROM (SELECT *{self.split} FROM ({self.rows}) AS record {join})"


@dataclass(frozen=True)
class Relation:
    """A file's records: the parts they are in, and their counts."""

    parts: tuple[Part, ...]
    header: Header
    physical_lines: int
    blank_lines: int
    records: int
    odd_field_count: int
    encoding: str | None

    def sql(self, join: str = "") -> str:
        """The records that a join leaves; of the others no field is made."""
        return " UNION ALL ".join(part.sql(join) for part in self.parts)


def count_of(con: duckdb.DuckDBPyConnection, sql: str) -> int:
    row = con.execute(sql).fetchone()
    return int(row[0]) if row else 0


def unreconciled(source: Source, what: str) -> DrgError:
    return DrgError(
        f"{source.name} does not reconcile: {what}.",
        state="Nothing of this delivery was taken in.",
        remedy="This is a defect of the reader; keep the file and report it.",
    )


# --- the records of a CSV file ---------------------------------------------------------------


def even_relation(source: Source, header: Header) -> Relation:
    """A file of which every line is a record with all fields; DuckDB fails at a line with fewer."""
    records = source.scan.physical_lines - 1
    return Relation(
        parts=(_even(source, header, source.path),),
        header=header,
        physical_lines=records + 1,
        blank_lines=0,
        records=records,
        odd_field_count=0,
        encoding="utf-8",
    )


def _even(source: Source, header: Header, path: Path, join: str = "") -> Part:
    """The lines below the first of a file in which all are even, but those that a join takes away.

    Lines are numbered as they are read, which is in the file's order: the window has no order of its own.
    """
    names = [f"c{position}" for position in range(1, len(header.names) + 1)]
    types = ", ".join(f"'{name}': 'VARCHAR'" for name in names)
    known = {column.name for column in source.claim_file.columns}
    fields = [
        f"{name} AS {text_of(column)}"
        for name, column in zip(names, header.names, strict=True)
        if column in known
    ]
    return Part(
        rows=(
            f"SELECT * FROM (SELECT row_number() OVER () + 1 AS line, * FROM read_csv({file_literal(path)}, "
            "delim = ',', quote = '', escape = '', header = true, auto_detect = false, "
            f"columns = {{{types}}}, new_line = '\\n', max_line_size = {2 * LONGEST_LINE})) {join}"
        ),
        fields=(
            f"line, NULL::VARCHAR AS broken, NULL::VARCHAR AS excerpt, {len(names)} AS fields_found, "
            f"NULL::BIGINT AS sure, "
            f"[{', '.join(names)}] AS everything, {', '.join(fields)}"
        ),
    )


def parted_relation(con: duckdb.DuckDBPyConnection, source: Source, header: Header, folder: Path) -> Relation:
    """A file in which not every line is even; `forget` drops what stands in for it meanwhile."""
    even, looked_at = _copies(source, folder)
    text, encoding = read_text(source.path, source.scan)
    parted = part_lines(text, even, len(header.names))
    cleaned = clean_text(parted.text, parted.numbers, looked_at, source.scan, len(header.names))
    con.register("line_number", {"number": cleaned.numbers})
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE physical_line AS SELECT text FROM read_csv({file_literal(looked_at)}, "
        f"delim = {literal(cleaned.value)}, quote = '', escape = '', header = false, auto_detect = false, "
        f"columns = {{'text': 'VARCHAR'}}, new_line = '\\n', max_line_size = {2 * LONGEST_LINE})"
    )
    records = count_of(con, "SELECT count(*) FROM physical_line")
    below = parted.even_lines + records + cleaned.blank_lines + cleaned.continuation_lines
    if (parted.lines, records) != (
        source.scan.physical_lines,
        len(cleaned.numbers),
    ) or below + 1 != parted.lines:
        raise unreconciled(source, f"{source.scan.physical_lines} physical lines, but {below + 1} were read")
    parts = [_split(source, header, cleaned)]
    differs = f"broken IS NULL AND fields_found <> {len(header.names)}"
    odd = count_of(con, f"SELECT count(*) FROM ({parts[0].sql()}) WHERE {differs}")
    if odd:
        columns = {column.name: column for column in source.claim_file.columns}
        doubt = doubt_of([columns.get(name) for name in header.names], parted.never_open)
        parts = [_split(source, header, cleaned, doubt)]
    if parted.numbers is not None:
        con.register("stand_in", {"line": parted.numbers[parted.numbers > 0]})
        others = "ANTI JOIN stand_in USING (line)"
        parts.insert(0, _even(source, header, even, others))
    return Relation(
        parts=tuple(parts),
        header=header,
        physical_lines=source.scan.physical_lines,
        blank_lines=cleaned.blank_lines,
        records=parted.even_lines + records,
        odd_field_count=odd,
        encoding=encoding,
    )


def forget(con: duckdb.DuckDBPyConnection, source: Source, folder: Path) -> None:
    """Drops what `parted_relation` made."""
    con.execute("DROP TABLE IF EXISTS physical_line")
    for name in ("line_number", "stand_in"):
        con.unregister(name)
    for copy in _copies(source, folder):
        copy.unlink(missing_ok=True)


def _copies(source: Source, folder: Path) -> tuple[Path, Path]:
    """The even lines of a file, and the others."""
    return folder / f"{source.path.name}.even", folder / f"{source.path.name}.cleaned"


def _split(source: Source, header: Header, cleaned: Cleaned, doubt: Doubt | None = None) -> Part:
    """The lines that are not even, each split by itself; `doubt` where some have not the header's fields."""
    text = "{}"
    for stand_in, code in ((cleaned.line_break, 10), (cleaned.carriage_return, 13)):
        text = f"replace({text}, {literal(stand_in)}, chr({code}))" if stand_in else text
    marked = f"starts_with(text, {literal(cleaned.mark)})"
    broken = f"CASE WHEN {marked} THEN substr(text, 2, 1) END"
    excerpt = f"CASE WHEN {marked} THEN {text.format('substr(text, 3)')} END"
    known = {column.name for column in source.claim_file.columns}
    fields = [
        f"nullif({text.format(f'field[{position}]')}, '') AS {text_of(name)}"
        for position, name in enumerate(header.names, start=1)
        if name in known
    ]
    rows = (
        f"SELECT number AS line, text, string_split(text, {literal(cleaned.separator)}) AS field "
        "FROM physical_line POSITIONAL JOIN line_number"
    )
    sure = "NULL::BIGINT"
    if doubt:
        count = len(header.names)
        rows = f"SELECT *, CASE WHEN len(field) <> {count} THEN {doubt.fits} END AS fits FROM ({rows})"
        split = f"len(field) <> {count} AND {broken} IS NULL"
        sure = f"CASE WHEN {split} THEN nullif({doubt.sure}, {count}) END"
    return Part(
        rows=rows,
        split=f", {sure} AS sure",
        fields=(
            f"line, coalesce({broken}, CASE WHEN sure IS NOT NULL THEN '{chr(FIELDS)}' END) AS broken, "
            f"{excerpt} AS excerpt, len(field) AS fields_found, sure, field AS everything, "
            f"{', '.join(fields)}"
        ),
    )


# --- the records of a Parquet file -----------------------------------------------------------


def parquet_relation(con: duckdb.DuckDBPyConnection, source: Source, folder: Path) -> Relation:
    if not source.scan.size:
        raise FileFault("the file is empty (0 bytes)")
    start = start_of(source.path)
    if not start.startswith(_PARQUET):
        kind = kind_of(start) or "no Parquet file; if it is text in columns, name it .csv"
        raise FileFault(f"it cannot be read: it is {kind}")
    # Writers that do not mark their texts as such write them as bytes.
    file = f"read_parquet({file_literal(source.path)}, binary_as_string = true"
    types = {str(row[0]): str(row[1]) for row in con.execute(f"DESCRIBE FROM {file})").fetchall()}
    given = list(types)
    leaves = con.execute(
        f"SELECT name FROM parquet_schema({file_literal(source.path)}) WHERE num_children IS NULL"
    ).fetchall()
    header = Header(tuple(name.strip().lower() for name in given), bom=False)
    check_header(source.claim_file, Header(tuple(str(leaf[0]).strip().lower() for leaf in leaves), bom=False))
    known = {column.name: column for column in source.claim_file.columns}
    columns = {
        name: parquet_column(known[name], column, types[column])
        for name, column in zip(header.names, given, strict=True)
        if name in known
    }
    if faults := parquet_faults(con, columns, f"{file})"):
        raise FileFault("; ".join(faults))
    texts = {name: column.text for name, column in columns.items()}
    everything = f"[{', '.join(texts.values())}]"
    fields = ", ".join(f"nullif({text}, '') AS {text_of(name)}" for name, text in texts.items())
    records = count_of(con, f"SELECT count(*) FROM {file})")
    part = Part(
        rows=f"SELECT file_row_number + 2 AS line, * FROM {file}, file_row_number = true)",
        fields=(
            f"line, "
            f"CASE WHEN contains(array_to_string({everything}, ''), chr(0)) THEN '{chr(NUL)}' END AS broken, "
            f"'' AS excerpt, {len(given)} AS fields_found, NULL::BIGINT AS sure, {everything} AS everything, "
            f"{fields}"
        ),
    )
    return Relation(
        parts=(part,),
        header=header,
        physical_lines=records + 1,
        blank_lines=0,
        records=records,
        odd_field_count=0,
        encoding=None,
    )


def text_of(name: str) -> str:
    """The relation's column with the text of a layout column."""
    return quoted(f"{name} text")


# --- the header ------------------------------------------------------------------------------


def check_header(claim_file: ClaimFile, header: Header, start: bytes = b"") -> None:
    """Refuses a header without a required column or with a column twice; all of it in one fault.

    start  first bytes of a file of text, in which the columns may stand otherwise
    """
    known = [column.name for column in claim_file.columns]
    if not set(known) & set(header.names):
        # The line may be a record with personal data, so nothing of it is shown.
        hint = header_hint(start, frozenset(known)) or "none of the columns of this file stands in it"
        raise FileFault(f"line 1 is no header: {hint}")
    faults = []
    extra = [name for name in header.names if looks_like_a_name(name) and name not in known]
    for column in claim_file.columns:
        if column.required and column.name not in header.names:
            near = difflib.get_close_matches(column.name, extra, n=1)
            faults.append(
                f"column {column.name} is missing" + (f" (found: {near[0]}, line 1)" if near else "")
            )
    values = [name for name in header.names if name and name not in known and not looks_like_a_name(name)]
    if len(values) >= _VALUES:
        faults.append(
            f"{len(values)} names in the header look like values: line 1 seems to go on with the first record"
        )
    for name, times in Counter(name for name in header.names if name).items():
        if times > 1 and (name in known or looks_like_a_name(name)):
            faults.append(f"column {name} stands {times} times in the header")
    if faults:
        raise FileFault("; ".join(faults))
