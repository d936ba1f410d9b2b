"""Publishes what enters from the side: reference files, schemes, calendar, and the law as it is known.

A table that did not change is left alone. What is computed is written by the engine, and what the tables are
is said by `catalog.py`.
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
from drg_pipeline.duck import quoted, with_schema
from drg_pipeline.errors import DrgError, Fault
from drg_pipeline.files import publish
from drg_pipeline.forms import Column
from drg_pipeline.grouping.scheme import digest_of_folder, fill_schemes, read_scheme
from drg_pipeline.ingest.delivery import TakenIn, take_in_deliveries
from drg_pipeline.ingest.records import count_of
from drg_pipeline.ingest.reference import load_reference
from drg_pipeline.lake.digest import empty_digest, logical_digest, logical_digests
from drg_pipeline.lake.engine import Engine
from drg_pipeline.lake.parquet import parquet, rows_of, write_partition
from drg_pipeline.lake.store import footers
from drg_pipeline.periods import NONE, WHOLE, Period
from drg_pipeline.policy import Pack
from drg_pipeline.region.catalog import (
    CALENDAR_OVERLAY,
    CALENDAR_TABLE,
    REFERENCE,
    SCHEME,
    SCHEME_TABLE,
    Layouts,
)
from drg_pipeline.settings import Settings
from drg_pipeline.sql.project import Source

Report = Callable[[str], None]

# Wide enough for every stay and deadline; days that no source covers are left out of it.
CALENDAR_SPAN = (date(2000, 1, 1), date(2099, 12, 31))
# Raised where what comes from the side is read otherwise than before.
SIDE_CODE = "2"


@dataclass(frozen=True)
class Written:
    """One partition of a side table; `changed` tells whether it differs from what was there."""

    table: str
    partition: Period
    rows: int
    digest: str
    changed: bool


class Side:
    """The tables from the side of one lake.

    schemes  the folders of the schemes that the law names, by name
    """

    def __init__(
        self,
        settings: Settings,
        layouts: Layouts,
        pack: Pack,
        schemes: Mapping[str, Path],
        engine: Engine,
    ) -> None:
        self.settings = settings
        self.layouts = layouts
        self.pack = pack
        self.schemes = schemes
        self.project = engine.project
        self.store = engine.store
        self._engine = engine

    def tables(self, layer: str) -> list[Source]:
        """The tables of one layer of the side."""
        return [source for name, source in self.project.sources.items() if name.split(".")[0] == layer]

    def law_tables(self, period: str) -> list[str]:
        """The tables of the law that have a partition for each month, or for each year."""
        return [name for name, table in self.pack.tables.items() if table.period == period]

    # -- deliveries ----------------------------------------------------------------------------

    def take_in(self, report: Report, only: Collection[str] | None = None) -> list[TakenIn]:
        """Land every delivery of the inbox that has not been landed, or those named."""
        return take_in_deliveries(self.settings, report=report, only=only)

    # -- schemes -------------------------------------------------------------------------------

    def publish_schemes(self, report: Report) -> list[Written]:
        """Check and load the schemes that the law names; nothing is read again while they are the same.

        A scheme without a folder is said; months that are to be grouped by it will stop.
        """
        there = {name: folder for name, folder in self.schemes.items() if folder.is_dir()}
        for name in sorted(self.schemes.keys() - there.keys()):
            places = ", ".join(str(folder) for folder in self.settings.schemes)
            report(f"{SCHEME}: {name} is named by the law and is not in {places}")
        sources = self.tables(SCHEME)
        with closing(self._engine.connect()) as con:
            digests = {name: digest_of_folder(folder, self.layouts.schemes) for name, folder in there.items()}
            if self._published_schemes(con) == digests:
                return []
            schemes = [read_scheme(folder, self.layouts.schemes) for folder in there.values()]
            misnamed = [
                Fault(str(scheme.folder), f"its scheme.toml calls it {scheme.name}")
                for name, scheme in zip(there, schemes)
                if scheme.name != name
            ]
            if misnamed:
                raise DrgError("A scheme's folder has another name than the scheme.", misnamed)
            fill_schemes(con, self.layouts.schemes, schemes, normal=True)
            return [written for source in sources for written in self._write(con, source, [WHOLE])]

    def _published_schemes(self, con: duckdb.DuckDBPyConnection) -> dict[str, str] | None:
        """name -> digest of the schemes in the lake; None while a table is missing or was read otherwise."""
        files = [self.store.file(source.name, WHOLE) for source in self.tables(SCHEME)]
        if not all(path.is_file() for path in files):
            return None
        if any(found.code != SIDE_CODE for found in footers(con, files).values()):
            return None
        head = self.store.file(SCHEME_TABLE, WHOLE)
        return dict(con.execute(f"select scheme, digest from {parquet([head])}").fetchall())

    # -- reference and law ---------------------------------------------------------------------

    def publish_reference(self, report: Report) -> list[Written]:
        """Load the reference files and the calendar; a table that did not change is left alone."""
        with closing(self._engine.connect()) as con:
            for note in load_reference(self.settings.reference, self.layouts.reference, con):
                report(note)
            self._refuse_unread(con)
            days = self._calendar(con)
            self._fill(con, CALENDAR_TABLE, self.project.sources[CALENDAR_TABLE].columns, list(days))
            return [
                written for source in self.tables(REFERENCE) for written in self._write(con, source, [WHOLE])
            ]

    def _refuse_unread(self, con: duckdb.DuckDBPyConnection) -> None:
        """DrgError for files that somebody has filled and nothing reads: their rows would have no effect."""
        read = {*self.project.read, f"{REFERENCE}.{CALENDAR_OVERLAY}"}
        files = [file for file in self.layouts.reference.files if f"{REFERENCE}.{file.name}" not in read]
        faults = [
            Fault(file.file_name, f"has {rows:,} row{'' if rows == 1 else 's'}, and nothing reads it here")
            for file in files
            if (rows := count_of(con, f"select count(*) from {REFERENCE}.{file.name}"))
        ]
        if faults:
            raise DrgError(
                f"Reference files of {self.settings.region} would have no effect.",
                faults,
                state="Nothing was computed with them.",
                remedy="What they ask for is not computed for this region: settle it outside, and move them "
                f"out of {self.settings.reference}.",
            )

    def _calendar(self, con: duckdb.DuckDBPyConnection) -> list[Day]:
        overlay = con.execute(
            f"select date, is_workday, source from {REFERENCE}.{CALENDAR_OVERLAY}"
        ).fetchall()
        return working_days(overlay, *CALENDAR_SPAN)

    def publish_policy(
        self, periods: Sequence[Period], tables: Sequence[str], write: bool = True
    ) -> list[Written]:
        """Write the law of these months, or years, as known at each one's moment, or only look at it."""
        written: list[Written] = []
        with closing(self._engine.connect()) as con:
            for name in tables:
                source = self.project.sources[name]
                self._fill(con, name, source.columns, self.pack.rows(name, periods, self.known_on))
                written += self._write(con, source, periods, write)
        return written

    def known_on(self, moment: str, period: Period) -> date:
        """The day whose knowledge of the law binds a period."""
        if self.settings.known_on:
            return self.settings.known_on
        return max(self.pack.moment(moment, period, self.deadline), self.pack.first_published)

    def deadline(self, period: Period, working_days_after: int) -> date:
        """The n-th working day after a period's last day; that day itself where the calendar has ended.

        It bounds only what was known of the law. A deadline of a claim beyond the calendar stops the month.
        """
        by_date, by_number = self._known_days
        start = by_date.get(period.last)
        if start is None:
            return period.last
        return by_number.get((start.segment, start.working_day_no + working_days_after), period.last)

    def calendar_days(self) -> list[Day]:
        """The working-day calendar as the region's files have it now."""
        with closing(self._engine.connect()) as con:
            load_reference(self.settings.reference, self.layouts.reference, con)
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
        texts = [
            [None if row[place] is None else str(row[place]) for row in rows] for place in range(len(columns))
        ]
        typed = ", ".join(
            f"cast({quoted(name)} as {column.type}) as {quoted(name)}" for name, column in columns.items()
        )
        listed = ", ".join(f"unnest(cast(? as varchar[])) as {quoted(name)}" for name in columns)
        place = with_schema(con, table)
        con.execute(f"create or replace table {place} as select {typed} from (select {listed})", texts)

    def _write(
        self,
        con: duckdb.DuckDBPyConnection,
        source: Source,
        periods: Sequence[Period],
        write: bool = True,
    ) -> list[Written]:
        """Publish the partitions that differ from what is there."""
        table = source.name
        types = [(name, column.type) for name, column in source.columns.items()]
        files = {period: self.store.file(table, period) for period in periods}
        there = footers(con, [path for path in files.values() if path.is_file()])
        if source.partition == NONE:
            found = {"": logical_digest(con, table, types, source.grain)}
        else:
            found = logical_digests(con, table, types, source.partition, source.grain)
        written: list[Written] = []
        moves: dict[Path, Path] = {}
        try:
            for period, path in files.items():
                known = there.get(path)
                counted = found.get(str(period)) or empty_digest(types)
                changed = known is None or known.digest != counted.digest
                written.append(Written(table, period, counted.rows, counted.digest, changed))
                if known is None or (write and (changed or known.code != SIDE_CODE)):
                    _, temporary = write_partition(
                        con,
                        self.store,
                        relation=rows_of(table, period),
                        table=table,
                        period=period,
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
