"""One region, opened: folders, law, layouts, models, lake and engine, and the tables from the side.

What enters from the side (reference files, calendar, law as known) is written to the lake here; what is
computed is written by the engine.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

import duckdb

from drg_pipeline.calendar import Day, working_days
from drg_pipeline.duck import quoted
from drg_pipeline.errors import DrgError, Fault
from drg_pipeline.files import publish
from drg_pipeline.grouping.scheme import LAYOUT_FILE as SCHEME_LAYOUT_FILE
from drg_pipeline.grouping.scheme import (
    digest_of_folder,
    fill_schemes,
    find_scheme,
    read_scheme,
    scheme_columns,
    scheme_folder,
    scheme_name,
)
from drg_pipeline.ingest.delivery import TakenIn, landed_manifests, landing_folder, take_in_deliveries
from drg_pipeline.ingest.layout import Layout, load_layout
from drg_pipeline.ingest.reference import load_reference
from drg_pipeline.ingest.reference_layout import LAYOUT_FILE, ReferenceLayout, load_reference_layout
from drg_pipeline.lake.closed import ClosedPeriods
from drg_pipeline.lake.digest import Counted, empty_digest, logical_digest, logical_digests
from drg_pipeline.lake.engine import Engine
from drg_pipeline.lake.outcome import Outcome
from drg_pipeline.lake.parquet import parquet, rows_of, write_partition
from drg_pipeline.lake.periods import last_day
from drg_pipeline.lake.store import Store, footers
from drg_pipeline.policy import Pack, load_pack
from drg_pipeline.settings import Settings
from drg_pipeline.sql.project import Column, Project, Source

Report = Callable[[str], None]

LANDING = "landing"
REFERENCE = "reference"
SCHEME = "scheme"
CALENDAR = "calendar"
CALENDAR_OVERLAY = "workday"
# Wide enough for every stay and deadline; days that no source covers are left out of it.
CALENDAR_SPAN = (date(2000, 1, 1), date(2099, 12, 31))
SIDE_CODE = "1"

_LANDED = {
    "delivery": Column("VARCHAR", "folder", "Delivery: month folder and delivery id"),
    "folder_month": Column("VARCHAR", "YYYY-MM", "Month folder the delivery came in"),
    "line": Column("BIGINT", "line", "Physical line where the record starts"),
    "fields_found": Column("INTEGER", "fields", "Fields of the record"),
    "fields_expected": Column("INTEGER", "fields", "Fields of the file's header"),
}
_FILE = {
    "folder_month": Column("VARCHAR", "YYYY-MM", "Month folder the delivery came in"),
    "delivery": Column("VARCHAR", "folder", "Delivery: month folder and delivery id"),
    "file": Column("VARCHAR", "path", "File, relative to the inbox"),
    "format": Column("VARCHAR", "code", "csv or parquet"),
    "encoding": Column("VARCHAR", "code", "Text encoding"),
    "bom": Column("BOOLEAN", "true or false", "Starts with a byte order mark"),
    "sha256": Column("VARCHAR", "hex", "SHA-256 of the file's bytes"),
    "bytes": Column("BIGINT", "bytes", "Size"),
    "physical_lines": Column("BIGINT", "lines", "Physical lines"),
    "blank_lines": Column("BIGINT", "lines", "Blank lines"),
    "records": Column("BIGINT", "records", "Records"),
    "accepted": Column("BIGINT", "records", "Accepted records"),
    "rejected": Column("BIGINT", "records", "Rejected records"),
    "odd_field_count": Column("BIGINT", "records", "Records with too few or too many fields"),
    "note": Column("VARCHAR", "text", "Columns kept out or missing"),
}
_REJECTED = {
    "folder_month": Column("VARCHAR", "YYYY-MM", "Month folder the delivery came in"),
    "delivery": Column("VARCHAR", "folder", "Delivery: month folder and delivery id"),
    "file": Column("VARCHAR", "path", "File, relative to the inbox"),
    "line": Column("BIGINT", "line", "Physical line where the record starts"),
    "column_name": Column("VARCHAR", "name", "First column that could not be read"),
    "raw": Column("VARCHAR", "text", "Text of that field, masked in personal columns"),
    "reason": Column("VARCHAR", "text", "Why"),
}
_CALENDAR = {
    "date": Column("DATE", "date", "Day"),
    "is_workday": Column("BOOLEAN", "true or false", "Working day by the statutory calendar"),
    "source": Column("VARCHAR", "text", "Who says so"),
    "working_day_no": Column("INTEGER", "number", "Working days of the segment up to and including this day"),
    "segment": Column("INTEGER", "number", "Run of days without a gap"),
}


@dataclass(frozen=True)
class Written:
    """One partition of a side table; `changed` tells whether it differs from what was there."""

    table: str
    partition: str | None
    rows: int
    digest: str
    changed: bool


class Region:
    """A region with everything that is needed to run it.

    law   what is put in the place of the pack's values, where it is tried and not in force
    """

    def __init__(self, settings: Settings, law: Callable[[Pack], Pack] = lambda pack: pack) -> None:
        self.settings = settings
        self.layout: Layout = load_layout(settings.interface / "claim_files.yml")
        self.reference_layout: ReferenceLayout = load_reference_layout(settings.interface / LAYOUT_FILE)
        self.scheme_layout: ReferenceLayout = load_reference_layout(settings.interface / SCHEME_LAYOUT_FILE)
        # A scheme given for the run may be a folder anywhere; the law names it by its name.
        given = find_scheme(settings.schemes, settings.scheme) if settings.scheme else None
        chosen = scheme_name(given) if given else None
        self.pack: Pack = law(
            load_pack(settings.policy).with_options({"grouping": settings.grouping, "scheme": chosen})
        )
        self.scheme_folders: Mapping[str, Path] = {
            name: given if given and name == chosen else scheme_folder(settings.schemes, name)
            for name in self.pack.texts_of("scheme")
        }
        self.project = Project(settings.models, self._sources())
        self.store = Store(settings.region_lake)
        self.closed = ClosedPeriods(settings.region_closings)
        self.engine = Engine(settings, self.project, self.store, self.landed, self.closed.refuse)
        # What people who wait are told: a line of a long step, and a table that is done.
        self.report: Report = lambda line: None
        self.progress: Callable[[str, Sequence[Outcome]], None] = lambda table, outcomes: None

    # -- sources -------------------------------------------------------------------------------

    def _sources(self) -> list[Source]:
        sources = [
            Source(
                f"{LANDING}.{file.name}",
                "delivery",
                {c.name: Column(c.duckdb_type, "", c.meaning) for c in file.columns} | _LANDED,
                file.describe,
                grain=("delivery", "line"),
            )
            for file in self.layout.files
        ]
        sources += [
            Source(
                f"{LANDING}.file",
                "delivery",
                _FILE,
                "Every file of a delivery with its counts.",
                grain=("delivery", "file"),
            ),
            Source(
                f"{LANDING}.rejected_row",
                "delivery",
                _REJECTED,
                "Records of a delivery that could not be read.",
                grain=("delivery", "file", "line"),
            ),
            Source(
                f"{REFERENCE}.{CALENDAR}",
                "none",
                _CALENDAR,
                "Working days of the statutory calendar.",
                grain=("date",),
            ),
        ]
        sources += [
            Source(
                f"{REFERENCE}.{file.name}",
                "none",
                {c.name: Column(c.duckdb_type, "", c.meaning) for c in file.columns},
                file.describe,
                grain=(*file.key, *(("valid_from",) if file.validity else ())),
            )
            for file in self.reference_layout.files
        ]
        sources += [
            Source(
                f"{SCHEME}.{name}",
                "none",
                columns,
                self._scheme_describe(name),
                grain=(
                    SCHEME,
                    *(key for file in self.scheme_layout.files if file.name == name for key in file.key),
                ),
            )
            for name, columns in scheme_columns(self.scheme_layout).items()
        ]
        sources += [
            Source(
                name,
                table.period,
                {
                    c: Column(column.type.upper(), column.unit, column.meaning)
                    for c, column in table.columns.items()
                },
                table.describe,
                tuple(law for law in table.citations if law != "open"),
                table.key,
            )
            for name, table in self.pack.tables.items()
        ]
        return sources

    def _scheme_describe(self, name: str) -> str:
        files = {file.name: file.describe for file in self.scheme_layout.files}
        return files.get(name, "The grouping schemes that the law names.")

    def side_tables(self, layer: str) -> list[Source]:
        return [source for name, source in self.project.sources.items() if name.split(".")[0] == layer]

    def policy_tables(self, period: str) -> list[str]:
        return [name for name, table in self.pack.tables.items() if table.period == period]

    @cached_property
    def personal(self) -> frozenset[str]:
        """Columns that are a person's, pseudonymised or not: never shown."""
        return frozenset(c.name for file in self.layout.files for c in file.columns if c.personal)

    # -- deliveries ----------------------------------------------------------------------------

    def take_in(self, report: Report, only: Collection[str] | None = None) -> list[TakenIn]:
        """Land every delivery of the inbox that has not been landed, or those named."""
        return take_in_deliveries(self.settings, report=report, only=only)

    def landed(self) -> Mapping[str, Path]:
        folder = landing_folder(self.settings)
        return {
            label: folder / manifest["digest"] for label, manifest in landed_manifests(self.settings).items()
        }

    # -- schemes -------------------------------------------------------------------------------

    def publish_schemes(self, report: Report) -> list[Written]:
        """Check and load the schemes that the law names; nothing is read again while they are the same.

        A scheme without a folder is said; months that are to be grouped by it will stop.
        """
        there = {name: folder for name, folder in self.scheme_folders.items() if folder.is_dir()}
        for name in sorted(self.scheme_folders.keys() - there.keys()):
            places = ", ".join(str(folder) for folder in self.settings.schemes)
            report(f"{SCHEME}: {name} is named by the law and is not in {places}")
        sources = self.side_tables(SCHEME)
        with closing(self.engine.connect()) as con:
            digests = {name: digest_of_folder(folder, self.scheme_layout) for name, folder in there.items()}
            if self._published_schemes(con) == digests:
                return []
            schemes = [read_scheme(folder, self.scheme_layout) for folder in there.values()]
            misnamed = [
                Fault(str(scheme.folder), f"its scheme.toml calls it {scheme.name}")
                for name, scheme in zip(there, schemes)
                if scheme.name != name
            ]
            if misnamed:
                raise DrgError("A scheme's folder has another name than the scheme.", misnamed)
            fill_schemes(con, self.scheme_layout, schemes)
            return [
                written
                for source in sources
                for written in self._write(con, source.name, "none", [None], source.columns)
            ]

    def _published_schemes(self, con: duckdb.DuckDBPyConnection) -> dict[str, str] | None:
        """name -> digest of the schemes in the lake; None while one of their tables is missing."""
        files = [self.store.file(source.name, "none", None) for source in self.side_tables(SCHEME)]
        if not all(path.is_file() for path in files):
            return None
        head = self.store.file(f"{SCHEME}.{SCHEME}", "none", None)
        return dict(con.execute(f"select scheme, digest from {parquet([head])}").fetchall())

    # -- reference and law ---------------------------------------------------------------------

    def publish_reference(self, report: Report) -> list[Written]:
        """Load the reference files and the calendar; a table that did not change is left alone."""
        with closing(self.engine.connect()) as con:
            for note in load_reference(self.settings.reference, self.reference_layout, con):
                report(note)
            days = self._calendar(con)
            self._fill(con, f"{REFERENCE}.{CALENDAR}", _CALENDAR, list(days))
            return [
                written
                for source in self.side_tables(REFERENCE)
                for written in self._write(con, source.name, "none", [None], source.columns)
            ]

    def _calendar(self, con: duckdb.DuckDBPyConnection) -> list[Day]:
        overlay = con.execute(
            f"select date, is_workday, source from {REFERENCE}.{CALENDAR_OVERLAY}"
        ).fetchall()
        return working_days(overlay, *CALENDAR_SPAN)

    def publish_policy(
        self, period: str, partitions: Sequence[str], tables: Sequence[str] | None = None, write: bool = True
    ) -> list[Written]:
        """Write the law of these months or years, as known at each one's moment, or only look at it."""
        written: list[Written] = []
        with closing(self.engine.connect()) as con:
            for name in self.policy_tables(period) if tables is None else tables:
                columns = self.project.sources[name].columns
                self._fill(con, name, columns, self.pack.rows(name, partitions, self.known_on))
                written += self._write(con, name, period, list(partitions), columns, write)
        return written

    def known_on(self, moment: str, period: str) -> date:
        """The day whose knowledge of the law binds a period."""
        if self.settings.known_on:
            return self.settings.known_on
        return max(self.pack.moment(moment, period, self.deadline), self.pack.first_published)

    def deadline(self, month: str, working_days_after: int) -> date:
        """The n-th working day after a month's last day; that day itself where the calendar has ended.

        It bounds only what was known of the law. A deadline of a claim beyond the calendar stops the month.
        """
        by_date, by_number = self._known_days
        start = by_date.get(last_day(month))
        if start is None:
            return last_day(month)
        return by_number.get((start.segment, start.working_day_no + working_days_after), last_day(month))

    def calendar_days(self) -> list[Day]:
        """The working-day calendar as the region's files have it now."""
        with closing(self.engine.connect()) as con:
            load_reference(self.settings.reference, self.reference_layout, con)
            return self._calendar(con)

    @cached_property
    def _known_days(self) -> tuple[dict[date, Day], dict[tuple[int, int], date]]:
        """The calendar by date, and its working days by segment and number."""
        days = self.calendar_days()
        return (
            {day.date: day for day in days},
            {(day.segment, day.working_day_no): day.date for day in days if day.is_workday},
        )

    def _fill(
        self,
        con: duckdb.DuckDBPyConnection,
        table: str,
        columns: Mapping[str, Column],
        rows: Sequence[Sequence[object]],
    ) -> None:
        """A typed table of few rows, from their text."""
        con.execute(f"create schema if not exists {quoted(table.split('.')[0])}")
        texts = [
            [None if row[place] is None else str(row[place]) for row in rows] for place in range(len(columns))
        ]
        typed = ", ".join(
            f"cast({quoted(name)} as {column.type}) as {quoted(name)}" for name, column in columns.items()
        )
        listed = ", ".join(f"unnest(cast(? as varchar[])) as {quoted(name)}" for name in columns)
        con.execute(f"create or replace table {table} as select {typed} from (select {listed})", texts)

    def _write(
        self,
        con: duckdb.DuckDBPyConnection,
        table: str,
        kind: str,
        partitions: Sequence[str | None],
        columns: Mapping[str, Column],
        write: bool = True,
    ) -> list[Written]:
        """Publish the partitions that differ from what is there."""
        types = [(name, column.type) for name, column in columns.items()]
        files = {partition: self.store.file(table, kind, partition) for partition in partitions}
        there = footers(con, [path for path in files.values() if path.is_file()])
        grain = self.project.sources[table].grain
        found: dict[str | None, Counted] = {}
        if kind == "none":
            found[None] = logical_digest(con, table, types, grain)
        else:
            found.update(logical_digests(con, table, types, kind, grain))
        written: list[Written] = []
        moves: dict[Path, Path] = {}
        try:
            for partition, path in files.items():
                known = there.get(path)
                counted = found.get(partition) or empty_digest(types)
                changed = known is None or known.digest != counted.digest
                written.append(Written(table, partition, counted.rows, counted.digest, changed))
                if known is None or (changed and write):
                    _, temporary = write_partition(
                        con,
                        self.store,
                        relation=rows_of(table, kind, partition),
                        table=table,
                        kind=kind,
                        partition=partition,
                        columns=types,
                        code=SIDE_CODE,
                        inputs={},
                        counted=counted,
                    )
                    moves[temporary] = path
            publish(moves)
        finally:
            for temporary in moves:
                temporary.unlink(missing_ok=True)
        return written
