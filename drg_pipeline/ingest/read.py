"""Types a claim file's records with DuckDB: accepted ones to Parquet, the others to `rejected_row`.

Every record is typed once; only a file that has rejected records is looked at again, and then only those
records. How a file's lines become records is in `records.py`; file and column names come from the layout.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import duckdb

from drg_pipeline.duck import file_literal, first_line, literal, quoted, write_parquet
from drg_pipeline.ingest.clean import ENCODING, FIELDS, REASONS
from drg_pipeline.ingest.foreign import start_of
from drg_pipeline.ingest.landed import LANDED
from drg_pipeline.ingest.layout import ClaimColumn, ClaimFile
from drg_pipeline.ingest.masking import MASKED, excerpt_sql, hides, raw_sql, shown_names
from drg_pipeline.ingest.pseudonym import pseudonym_sql
from drg_pipeline.ingest.records import (
    Relation,
    Source,
    check_header,
    count_of,
    even_relation,
    forget,
    parquet_relation,
    parted_relation,
    text_of,
    unreconciled,
)
from drg_pipeline.ingest.scan import FileFault, Header, read_header
from drg_pipeline.ingest.typing_sql import (
    fault_sql,
    is_usual_sql,
    plain_sql,
    reason_sql,
    spelt_sql,
    value_sql,
)

# Bytes up to which it takes longer to plan how unusual values are typed than to read the file once more.
_SMALL = 4 * 1024 * 1024


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
    respelled: int


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Settings under which files are read, for a database and all its cursors."""
    # Pushed down, the filter that keeps accepted records would compute every value a second time.
    con.execute("SET disabled_optimizers = 'filter_pushdown'")


def read_claim_file(con: duckdb.DuckDBPyConnection, source: Source, folder: Path) -> FileRead:
    """Writes `<file>.parquet` into the folder and rejected records into the session's `rejected_row`."""
    try:
        target = folder / f"{source.claim_file.name}.parquet"
        relation, accepted = _typed(con, source, folder, target)
        rejected = _write_rejected(con, source, relation, target) if accepted < relation.records else 0
        if accepted + rejected != relation.records:
            raise unreconciled(
                source, f"{relation.records} records, but {accepted} accepted and {rejected} rejected"
            )
        if rejected == relation.records > 0:
            _refuse_undecodable(con, source, relation)
    except duckdb.Error as error:
        # What stands in quotes may be a value of the file.
        what = re.split("""["'`]""", first_line(error))[0].strip()
        raise FileFault(f"it cannot be read: {what}") from None
    finally:
        forget(con, source, folder)
        con.execute("DROP TABLE IF EXISTS refused")
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
        respelled=count_of(
            con, f"SELECT coalesce(sum(len(respelled)), 0) FROM read_parquet({file_literal(target)})"
        ),
    )


def _typed(
    con: duckdb.DuckDBPyConnection, source: Source, folder: Path, target: Path
) -> tuple[Relation, int]:
    """The file's records as SQL, and how many of them were accepted into the target."""
    if source.format == "parquet":
        relation = parquet_relation(con, source, folder)
        return relation, _write_accepted(con, source, relation, target)
    header = read_header(source.path)
    check_header(source.claim_file, header, start_of(source.path))
    if source.scan.even(len(header.names)):
        relation = even_relation(source, header)
        try:
            if source.scan.size < _SMALL and _write_plain(con, source, relation, target) == relation.records:
                return relation, relation.records
            return relation, _write_accepted(con, source, relation, target)
        except duckdb.InvalidInputException as error:
            if "Expected Number of Columns" not in str(error):
                raise
            # A line has fewer fields: the lines are split one by one, and what was written is replaced.
    relation = parted_relation(con, source, header, folder)
    return relation, _write_accepted(con, source, relation, target)


def _note(claim_file: ClaimFile, header: Header) -> str | None:
    known = [column.name for column in claim_file.columns]
    extra = [name for name in header.names if name not in known]
    absent = [name for name in known if name not in header.names]
    parts = [f"columns kept out: {', '.join(shown_names(extra))}"] if extra else []
    parts += [f"optional columns missing: {', '.join(absent)}"] if absent else []
    return "; ".join(parts) or None


# --- typing ----------------------------------------------------------------------------------


def _present(source: Source, relation: Relation) -> list[ClaimColumn]:
    """The layout columns that the file has, in the file's order."""
    columns = {column.name: column for column in source.claim_file.columns}
    return [columns[name] for name in relation.header.names if name in columns]


def _write_plain(con: duckdb.DuckDBPyConnection, source: Source, relation: Relation, target: Path) -> int:
    """Writes the records of which every field has its usual form."""
    present = _present(source, relation)
    values = ", ".join(
        _short(column) if column in present else value_sql(column, None)
        for column in source.claim_file.columns
    )
    rows = (
        f"SELECT {values}, line, fields_found, NULL::{LANDED['respelled'].type} "
        f"FROM ({_cast(present, relation)}) WHERE {_plain(present)} AND {_usual(present)}"
    )
    return _write(con, source, relation, target, rows)


def _write_accepted(con: duckdb.DuckDBPyConnection, source: Source, relation: Relation, target: Path) -> int:
    """Types every record, and writes those in which no field is at fault.

    First all fields of a record are tested for their usual form, texts (`usual`) and others (`plain`); only a
    record in which one has another is looked at field by field.
    """
    present = _present(source, relation)
    columns = source.claim_file.columns
    values = []
    for column in columns:
        value = value_sql(column, text_of(column.name) if column in present else None)
        if column in present:
            short = "usual" if column.kind == "text" else "plain"
            value = f"CASE WHEN {short} THEN {_short(column)} ELSE {value} END"
        values.append(f"{value} AS {quoted(column.name)}")
    names = ", ".join(quoted(column.name) for column in columns)
    texts = ", ".join(text_of(column.name) for column in present)
    faults = [fault_sql(column, quoted(column.name), text_of(column.name)) for column in present]
    faulty = " OR ".join(["broken IS NOT NULL", *(fault for fault in faults if fault)])
    # As a condition of CASE a test is left out where the one before it fails.
    tests = {"plain": _plain(present), "usual": _usual(present)}
    tested = ", ".join(f"CASE WHEN {test} THEN true ELSE false END AS {name}" for name, test in tests.items())
    return _write(
        con,
        source,
        relation,
        target,
        f"SELECT {names}, line, fields_found, respelled "
        f"FROM (SELECT {', '.join(values)}, {texts}, line, broken, fields_found, plain, usual, "
        f"{_respelled(present)} AS respelled "
        f"FROM (SELECT *, {tested} FROM ({_cast(present, relation)}))) "
        f"WHERE CASE WHEN plain AND usual THEN true ELSE NOT ({faulty}) END",
    )


def _write(
    con: duckdb.DuckDBPyConnection, source: Source, relation: Relation, target: Path, rows: str
) -> int:
    """Writes rows of the layout's columns, line, fields_found and respelled, with what all have alike."""
    names = ", ".join(quoted(column.name) for column in source.claim_file.columns)
    order = " ORDER BY line" if len(relation.parts) > 1 else ""  # of one part they are in order already
    return write_parquet(
        con,
        f"SELECT {names}, {_constant(source.delivery_name)} AS delivery, "
        f"{_constant(source.month)} AS folder_month, line::BIGINT AS line, "
        f"fields_found::INTEGER AS fields_found, {len(relation.header.names)}::INTEGER AS fields_expected, "
        f"respelled FROM ({rows}) AS typed ({names}, line, fields_found, respelled){order}",
        target,
        rows=relation.records,
    )


def _cast(present: list[ClaimColumn], relation: Relation) -> str:
    """The records with the cast of each text that has one, null where that fails."""
    casts = [
        f"try_cast({text_of(column.name)} AS {column.type.sql}) AS {_cast_of(column)}"
        for column in present
        if column.kind != "text"
    ]
    return f"SELECT {', '.join(['*', *casts])} FROM ({relation.sql()})"


def _cast_of(column: ClaimColumn) -> str:
    return quoted(f"{column.name} cast")


def _short(column: ClaimColumn) -> str:
    """The value of a field in its usual form."""
    if column.kind != "text":
        return _cast_of(column)
    text = text_of(column.name)
    return pseudonym_sql(text) if column.personal == "pseudonym" else text


def _respelled(present: list[ClaimColumn]) -> str:
    """The cells whose value is another text than came, each with that text; null where there is none.

    Names are for people: nothing is matched by them, and nobody asks how they came.
    """
    texts = [column for column in present if column.spelling not in (None, "name")]
    if not texts:
        return f"NULL::{LANDED['respelled'].type}"
    cells = []
    for column in texts:
        text = text_of(column.name)
        given = literal(MASKED) if column.personal else text
        cells.append(
            f"CASE WHEN {spelt_sql(column, text)} IS DISTINCT FROM {text} "
            f"THEN {{'column_name': {literal(column.name)}, 'given': {given}}} END"
        )
    changed = f"list_filter([{', '.join(cells)}], lambda cell: cell IS NOT NULL)"
    return f"CASE WHEN usual THEN NULL WHEN len({changed}) > 0 THEN {changed} END"


def _plain(present: list[ClaimColumn]) -> str:
    tests = [plain_sql(c, _cast_of(c), text_of(c.name)) for c in present if c.kind != "text"]
    return " AND ".join(["broken IS NULL", *tests])


def _usual(present: list[ClaimColumn]) -> str:
    """True of a record of which every text is its own normal form, and none is missing that must be there."""
    tests = [is_usual_sql(column, text_of(column.name)) for column in present if column.kind == "text"]
    return " AND ".join(tests or ["true"])


def write_nothing(con: duckdb.DuckDBPyConnection, claim_file: ClaimFile, folder: Path) -> None:
    """Writes `<file>.parquet` of a file that a delivery does without: its columns, and no row."""
    columns = {column.name: column.column for column in claim_file.columns} | LANDED
    typed = ", ".join(f"NULL::{column.type} AS {quoted(name)}" for name, column in columns.items())
    write_parquet(con, f"SELECT {typed} WHERE false", folder / f"{claim_file.name}.parquet")


def _constant(text: str) -> str:
    """SQL for a text that every row has; the one value of an enumeration is not looked at row by row."""
    return f"{literal(text)}::ENUM({literal(text)})"


def _write_rejected(
    con: duckdb.DuckDBPyConnection, source: Source, relation: Relation, accepted: Path
) -> int:
    """One row a rejected record: its first bad column in the file's order, and why."""
    count = len(relation.header.names)
    refused = relation.sql(f"ANTI JOIN read_parquet({file_literal(accepted)}) AS taken USING (line)")
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE refused AS SELECT *, {count} AS fields_expected FROM ({refused})"
    )
    _refuse_second_header(con, source)
    present = [(column, text_of(column.name)) for column in _present(source, relation)]
    hidden = hides(source.claim_file, relation.header)
    codes = " ".join(f"WHEN '{code}' THEN {literal(reason)}" for code, reason in REASONS.items())
    reason = f"CASE broken {codes} END"
    known = [column.name for column, _ in present]
    names = [name if name in known else known[0] for name in relation.header.names]
    first = f"[{', '.join(map(literal, names))}][coalesce(sure, 0) + 1]"
    whole = _finding(first, excerpt_sql(hidden), reason)
    branches = [f"WHEN broken <> '{chr(FIELDS)}' THEN {whole}"]
    for column, text in present:
        fault = fault_sql(column, f"({value_sql(column, text)})", text)
        if fault:
            raw = raw_sql(column, text, present, hidden)
            found = _finding(literal(column.name), raw, reason_sql(column, text))
            branches.append(f"WHEN {fault} THEN {found}")
    branches.append(f"ELSE {whole}")
    places = {name: place for place, name in enumerate(relation.header.names, start=1)}
    keys = {column.name: _key(column, places[column.name]) for column, _ in present if column.key}
    named = "".join(f", {quoted(name)}" for name in keys)
    values = "".join(f", {key} AS {quoted(name)}" for name, key in keys.items())
    return count_of(
        con,
        "INSERT INTO rejected_row BY NAME "
        f"SELECT {literal(source.month)} AS folder_month, {literal(source.delivery_name)} AS delivery, "
        f"{literal(source.name)} AS file, {literal(source.claim_file.name)} AS claim_file, line, "
        f"finding.column_name, finding.raw, finding.reason{named} "
        f"FROM (SELECT line, CASE {' '.join(branches)} END AS finding{values} FROM refused) ORDER BY line",
    )


def _key(column: ClaimColumn, place: int) -> str:
    """What a rejected record says of its claim version; null where that cannot be told.

    place  that of the column in the header, from 1
    """
    text = text_of(column.name)
    value = f"({value_sql(column, text)})"
    fault = fault_sql(column, value, text)
    its_own = f"(broken IS NULL OR (broken = '{chr(FIELDS)}' AND sure >= {place}))"
    return f"CASE WHEN {its_own}{f' AND NOT ({fault})' if fault else ''} THEN {value} END"


def _finding(column: str, raw: str, reason: str) -> str:
    return f"{{'column_name': {column}, 'raw': {raw}, 'reason': {reason}}}"


def _refuse_second_header(con: duckdb.DuckDBPyConnection, source: Source) -> None:
    """A header row between records means two exports in one file; it never passes as a record."""
    needed = [literal(column.name) for column in source.claim_file.columns if column.required]
    found = con.execute(
        f"SELECT line FROM refused "
        # The cheap test comes first: hardly any rejected record has a column's name in it.
        f"WHERE contains(lower(array_to_string(everything, ' ')), {needed[0]}) AND list_has_all("
        f"[lower(trim(given, ' \t\ufeff')) FOR given IN everything], [{', '.join(needed)}]) ORDER BY line"
    ).fetchall()
    if found:
        lines = [1, *(int(row[0]) for row in found)]
        times = "twice" if len(lines) == 2 else f"{len(lines)} times"
        shown = ", ".join(str(line) for line in lines[:10])
        raise FileFault(f"the header stands {times} (lines {shown}{' …' if len(lines) > 10 else ''})")


def _refuse_undecodable(con: duckdb.DuckDBPyConnection, source: Source, relation: Relation) -> None:
    unreadable = count_of(con, f"SELECT count(*) FROM ({relation.sql()}) WHERE broken = '{chr(ENCODING)}'")
    if unreadable == relation.records:
        raise FileFault(f"none of its {unreadable} records is UTF-8 or GB18030")
