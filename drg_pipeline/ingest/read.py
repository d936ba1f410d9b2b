"""Types a claim file's records with DuckDB: accepted ones to Parquet, the others to `rejected_row`.

A physical line is read as one value and split in SQL, so that a line's number is its row's and a
bad line can harm no other. Every record is typed once; only a file that has rejected records is
looked at again, and then only those records. File and column names come from the layout.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import duckdb

from drg_pipeline.errors import DrgError
from drg_pipeline.ingest.clean import ENCODING, NUL, REASONS, Cleaned, clean_file
from drg_pipeline.ingest.layout import ClaimFile, Column
from drg_pipeline.ingest.scan import LONGEST_LINE, UNIT_SEPARATOR, FileFault, Header, Scan, read_header
from drg_pipeline.ingest.typing_sql import fault_sql, reason_sql, text_literal, value_sql

REJECTED_ROW = (
    "folder_month VARCHAR, delivery VARCHAR, file VARCHAR, line BIGINT, "
    "column_name VARCHAR, raw VARCHAR, reason VARCHAR"
)
MASKED = "***"
_RAW_CHARACTERS = 200


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
class FileRead:
    """The counts of one file, as they stand in the delivery's `file` table."""

    folder_month: str
    delivery: str
    file: str
    format: str
    encoding: str | None
    bom: bool
    sha256: str
    bytes: int
    physical_lines: int
    blank_lines: int
    records: int
    accepted: int
    rejected: int
    odd_field_count: int
    note: str | None


FILE = (
    "folder_month VARCHAR, delivery VARCHAR, file VARCHAR, format VARCHAR, encoding VARCHAR, bom BOOLEAN, "
    "sha256 VARCHAR, bytes BIGINT, physical_lines BIGINT, blank_lines BIGINT, records BIGINT, "
    "accepted BIGINT, rejected BIGINT, odd_field_count BIGINT, note VARCHAR"
)


@dataclass(frozen=True)
class _Relation:
    """A file's records as SQL.

    Its columns are line, broken (a code of REASONS), excerpt, fields_found, everything (the record's
    fields as one list) and `<column> text` for each layout column that the file has.
    """

    sql: str
    header: Header
    physical_lines: int
    blank_lines: int
    records: int
    odd_field_count: int
    encoding: str | None


def read_claim_file(con: duckdb.DuckDBPyConnection, source: Source, folder: Path) -> FileRead:
    """Writes `<file>.parquet` into the folder and rejected records into the session's `rejected_row`."""
    try:
        relation = (_parquet_relation if source.format == "parquet" else _csv_relation)(con, source, folder)
        target = folder / f"{source.claim_file.name}.parquet"
        accepted = _write_accepted(con, source, relation, target)
        rejected = _write_rejected(con, source, relation, target) if accepted < relation.records else 0
        if accepted + rejected != relation.records:
            raise _unreconciled(
                source, f"{relation.records} records, but {accepted} accepted and {rejected} rejected"
            )
        if rejected == relation.records > 0:
            _refuse_undecodable(con, source, relation)
    except duckdb.Error as error:
        raise FileFault(f"it cannot be read: {str(error).splitlines()[0]}") from None
    finally:
        con.execute("DROP TABLE IF EXISTS physical_line")
    return FileRead(
        folder_month=source.month,
        delivery=source.delivery_name,
        file=source.name,
        format=source.format,
        encoding=relation.encoding,
        bom=relation.header.bom,
        sha256=source.scan.sha256,
        bytes=source.scan.size,
        physical_lines=relation.physical_lines,
        blank_lines=relation.blank_lines,
        records=relation.records,
        accepted=accepted,
        rejected=rejected,
        odd_field_count=relation.odd_field_count,
        note=_note(source.claim_file, relation.header),
    )


def _count(con: duckdb.DuckDBPyConnection, sql: str) -> int:
    row = con.execute(sql).fetchone()
    return int(row[0]) if row else 0


def _unreconciled(source: Source, what: str) -> DrgError:
    return DrgError(
        f"{source.name} does not reconcile: {what}.",
        state="Nothing of this delivery was taken in.",
        remedy="This is a defect of the reader; keep the file and report it.",
    )


def _path_sql(path: Path) -> str:
    """The path as a literal in which no character is a wildcard."""
    return text_literal(re.sub(r"([*?\[])", r"[\1]", str(path)))


# --- the records of a CSV file ---------------------------------------------------------------


def _csv_relation(con: duckdb.DuckDBPyConnection, source: Source, folder: Path) -> _Relation:
    header = read_header(source.path)
    check_header(source.claim_file, header)
    path, cleaned = source.path, None
    if not source.scan.clean:
        path = folder / f"{source.path.name}.cleaned"
        cleaned = clean_file(source.path, path, source.scan, len(header.names))
    value = cleaned.value if cleaned else UNIT_SEPARATOR.decode()
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE physical_line AS SELECT text FROM read_csv({_path_sql(path)}, "
        f"delim = {text_literal(value)}, quote = '', escape = '', header = false, auto_detect = false, "
        f"columns = {{'text': 'VARCHAR'}}, new_line = '\\n', max_line_size = {2 * LONGEST_LINE})"
    )
    if cleaned:
        path.unlink()
    lines = _count(con, "SELECT count(*) FROM physical_line")
    if lines != source.scan.physical_lines:
        raise _unreconciled(source, f"{source.scan.physical_lines} physical lines, but {lines} were read")
    return _split(con, source, header, cleaned, lines)


def _split(
    con: duckdb.DuckDBPyConnection, source: Source, header: Header, cleaned: Cleaned | None, lines: int
) -> _Relation:
    broken, excerpt, separator = "NULL::VARCHAR", "NULL::VARCHAR", ","
    text = "{}"
    if cleaned:
        separator = cleaned.separator
        for stand_in, code in ((cleaned.line_break, 10), (cleaned.carriage_return, 13)):
            text = f"replace({text}, {text_literal(stand_in)}, chr({code}))" if stand_in else text
        marked = f"starts_with(text, {text_literal(cleaned.mark)})"
        broken = f"CASE WHEN {marked} THEN substr(text, 2, 1) END"
        excerpt = f"CASE WHEN {marked} THEN {text.format('substr(text, 3)')} END"
    known = {column.name for column in source.claim_file.columns}
    fields = [
        f"{text.format(f'field[{position}]')} AS {_text_of(name)}"
        for position, name in enumerate(header.names, start=1)
        if name in known
    ]
    sql = (
        f"SELECT rowid + 1 AS line, {broken} AS broken, {excerpt} AS excerpt, len(field) AS fields_found, "
        f"field AS everything, {', '.join(fields)} FROM (SELECT rowid, text, "
        f"string_split(text, {text_literal(separator)}) AS field FROM physical_line "
        f"WHERE rowid > 0 AND trim(text, ' \t') <> '')"
    )
    counted = con.execute(
        f"SELECT count(*), count(*) FILTER (broken IS NULL AND fields_found <> ?) FROM ({sql})",
        [len(header.names)],
    ).fetchone()
    records, odd = counted or (0, 0)
    return _Relation(
        sql=sql,
        header=header,
        physical_lines=lines,
        blank_lines=lines - 1 - records - (cleaned.continuation_lines if cleaned else 0),
        records=records,
        odd_field_count=odd,
        encoding=cleaned.encoding if cleaned else "utf-8",
    )


# --- the records of a Parquet file -----------------------------------------------------------


def _parquet_relation(con: duckdb.DuckDBPyConnection, source: Source, folder: Path) -> _Relation:
    if not source.scan.size:
        raise FileFault("the file is empty (0 bytes)")
    path = _path_sql(source.path)
    given = [
        str(row[0])
        for row in con.execute(f"SELECT name FROM (DESCRIBE FROM read_parquet({path})) t(name)").fetchall()
    ]
    leaves = con.execute(f"SELECT name FROM parquet_schema({path}) WHERE num_children IS NULL").fetchall()
    header = Header(tuple(name.strip().lower() for name in given), bom=False)
    check_header(source.claim_file, Header(tuple(str(leaf[0]).strip().lower() for leaf in leaves), bom=False))
    known = {column.name for column in source.claim_file.columns}
    texts = {
        name: f"CAST({_identifier(column)} AS VARCHAR)"
        for name, column in zip(header.names, given, strict=True)
        if name in known
    }
    everything = f"[{', '.join(texts.values())}]"
    fields = ", ".join(f"{text} AS {_text_of(name)}" for name, text in texts.items())
    records = _count(con, f"SELECT count(*) FROM read_parquet({path})")
    return _Relation(
        sql=(
            f"SELECT file_row_number + 2 AS line, "
            f"CASE WHEN contains(array_to_string({everything}, ''), chr(0)) THEN '{chr(NUL)}' END AS broken, "
            f"'' AS excerpt, {len(given)} AS fields_found, {everything} AS everything, {fields} "
            f"FROM read_parquet({path}, file_row_number = true)"
        ),
        header=header,
        physical_lines=records + 1,
        blank_lines=0,
        records=records,
        odd_field_count=0,
        encoding=None,
    )


def _text_of(name: str) -> str:
    """The relation's column with the text of a layout column."""
    return _identifier(f"{name} text")


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


# --- the header ------------------------------------------------------------------------------


def check_header(claim_file: ClaimFile, header: Header) -> None:
    """Refuses a header without a required column or with a column twice; all of it in one fault."""
    known = [column.name for column in claim_file.columns]
    if not set(known) & set(header.names):
        # The line may be a record with personal data, so nothing of it is shown.
        raise FileFault("line 1 is no header: none of the columns of this file stands in it")
    faults = []
    extra = [name for name in header.names if name and name not in known]
    for column in claim_file.columns:
        if column.required and column.name not in header.names:
            near = difflib.get_close_matches(column.name, extra, n=1)
            faults.append(
                f"column {column.name} is missing" + (f" (found: {near[0]}, line 1)" if near else "")
            )
    for name, times in Counter(name for name in header.names if name).items():
        if times > 1:
            faults.append(f"column {name} stands {times} times in the header")
    if faults:
        raise FileFault("; ".join(faults))


def _note(claim_file: ClaimFile, header: Header) -> str | None:
    known = [column.name for column in claim_file.columns]
    extra = [name or "(unnamed)" for name in header.names if name not in known]
    absent = [name for name in known if name not in header.names]
    parts = [f"columns kept out: {', '.join(extra)}"] if extra else []
    parts += [f"optional columns missing: {', '.join(absent)}"] if absent else []
    return "; ".join(parts) or None


# --- typing ----------------------------------------------------------------------------------


def _present(source: Source, relation: _Relation) -> list[Column]:
    """The layout columns that the file has, in the file's order."""
    columns = {column.name: column for column in source.claim_file.columns}
    return [columns[name] for name in relation.header.names if name in columns]


def _write_accepted(con: duckdb.DuckDBPyConnection, source: Source, relation: _Relation, target: Path) -> int:
    present = _present(source, relation)
    names = ", ".join(_identifier(column.name) for column in source.claim_file.columns)
    values = ", ".join(
        f"{value_sql(column, _text_of(column.name) if column in present else None)} "
        f"AS {_identifier(column.name)}"
        for column in source.claim_file.columns
    )
    texts = ", ".join(_text_of(column.name) for column in present)
    faults = [fault_sql(column, _identifier(column.name), _text_of(column.name)) for column in present]
    faulty = " OR ".join(["broken IS NOT NULL", *(fault for fault in faults if fault)])
    # Pushed down, the filter would compute every value a second time.
    con.execute("SET disabled_optimizers = 'filter_pushdown'")
    accepted = _count(
        con,
        f"COPY (SELECT {names}, {text_literal(source.delivery_name)} AS delivery, "
        f"{text_literal(source.month)} AS folder_month, line::BIGINT AS line, "
        f"fields_found::INTEGER AS fields_found, {len(relation.header.names)}::INTEGER AS fields_expected "
        f"FROM (SELECT {values}, {texts}, line, broken, fields_found FROM ({relation.sql})) "
        f"WHERE NOT ({faulty})) TO {text_literal(str(target))} (FORMAT parquet, COMPRESSION zstd)",
    )
    con.execute("RESET disabled_optimizers")
    return accepted


def _write_rejected(
    con: duckdb.DuckDBPyConnection, source: Source, relation: _Relation, accepted: Path
) -> int:
    """One row a rejected record: its first bad column in the file's order, and why."""
    rejected = f"({relation.sql}) ANTI JOIN read_parquet({_path_sql(accepted)}) AS taken USING (line)"
    _refuse_second_header(con, source, f"SELECT line, everything FROM {rejected}")
    present = _present(source, relation)
    codes = " ".join(f"WHEN '{code}' THEN {text_literal(reason)}" for code, reason in REASONS.items())
    excerpt = (
        text_literal(MASKED) if source.claim_file.has_personal else f"substr(excerpt, 1, {_RAW_CHARACTERS})"
    )
    first = text_literal(relation.header.names[0])
    branches = [f"WHEN broken IS NOT NULL THEN {_finding(first, excerpt, f'CASE broken {codes} END')}"]
    for column in present:
        text = _text_of(column.name)
        fault = fault_sql(column, f"({value_sql(column, text)})", text)
        if fault:
            raw = f"substr(coalesce({text}, ''), 1, {_RAW_CHARACTERS})"
            raw = text_literal(MASKED) if column.personal else raw
            branches.append(
                f"WHEN {fault} THEN {_finding(text_literal(column.name), raw, reason_sql(column, text))}"
            )
    return _count(
        con,
        f"INSERT INTO rejected_row SELECT {text_literal(source.month)}, "
        f"{text_literal(source.delivery_name)}, {text_literal(source.name)}, line, "
        "finding.column_name, finding.raw, finding.reason "
        f"FROM (SELECT line, CASE {' '.join(branches)} END AS finding FROM {rejected}) ORDER BY line",
    )


def _finding(column: str, raw: str, reason: str) -> str:
    return f"{{'column_name': {column}, 'raw': {raw}, 'reason': {reason}}}"


def _refuse_second_header(con: duckdb.DuckDBPyConnection, source: Source, rejected: str) -> None:
    """A header row between records means two exports in one file; it never passes as a record."""
    needed = [text_literal(column.name) for column in source.claim_file.columns if column.required]
    found = con.execute(
        f"SELECT line FROM ({rejected}) "
        # The cheap test comes first: hardly any rejected record has a column's name in it.
        f"WHERE contains(lower(array_to_string(everything, ' ')), {needed[0]}) AND list_has_all("
        f"[lower(trim(given, ' \t\ufeff')) FOR given IN everything], [{', '.join(needed)}]) ORDER BY line"
    ).fetchall()
    if found:
        lines = [1, *(int(row[0]) for row in found)]
        times = "twice" if len(lines) == 2 else f"{len(lines)} times"
        shown = ", ".join(str(line) for line in lines[:10])
        raise FileFault(f"the header stands {times} (lines {shown}{' …' if len(lines) > 10 else ''})")


def _refuse_undecodable(con: duckdb.DuckDBPyConnection, source: Source, relation: _Relation) -> None:
    unreadable = _count(con, f"SELECT count(*) FROM ({relation.sql}) WHERE broken = '{chr(ENCODING)}'")
    if unreadable == relation.records:
        raise FileFault(f"none of its {unreadable} records is UTF-8 or GB18030")
