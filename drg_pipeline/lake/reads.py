"""What a step may read: which partitions and deliveries of each upstream table, as views, with the
digest of what it saw.

Which engine computes from it, and what becomes of the answer, is not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from drg_pipeline.duck import literal, quoted, with_schema
from drg_pipeline.errors import DrgError
from drg_pipeline.lake.digest import digest_of
from drg_pipeline.lake.parquet import parquet
from drg_pipeline.lake.slices import Slices
from drg_pipeline.lake.store import PART, SPILL, Store, footers, name_of
from drg_pipeline.periods import MONTH, NONE, WHOLE, YEAR, Period, between
from drg_pipeline.sql.header import Reads
from drg_pipeline.sql.model import Invariant, Model
from drg_pipeline.sql.project import Project

Landed = Callable[[], Mapping[str, Path]]
"""delivery name -> folder of its accepted rows"""


@dataclass(frozen=True)
class Shown:
    """What a step was shown.

    digests  for each of its partitions, table -> the digest of what that partition reads of it
    files    table -> the files of all of them together
    """

    digests: dict[Period, dict[str, str]]
    files: dict[str, Sequence[Path]]


class Inputs:
    """What may be read of one region's lake."""

    def __init__(self, project: Project, store: Store, landed: Landed) -> None:
        self.project = project
        self.store = store
        self.landed = landed
        self._digests: dict[Path, tuple[tuple[int, int], str]] = {}
        self._slices = Slices(project, store.root / SPILL)

    def show(
        self,
        con: duckdb.DuckDBPyConnection,
        reader: Model | Invariant,
        periods: Sequence[Period],
        skip: Collection[str] = (),
    ) -> Shown:
        """Create a view for each upstream name of a model or invariant, over the partitions it may read.

        What a partition reads is the same whether partitions are computed one by one or together.
        DrgError where something that is read is not there.
        """
        shown = Shown({period: {} for period in periods}, {})
        missing: list[str] = []
        # Tables that say which partitions of others are read come first.
        guides = {reads.guide for reads in reader.reads.values()}
        for table in sorted(reader.upstream, key=lambda name: (name not in guides, name)):
            if table in skip:
                continue
            files, gaps = self._files(con, table, periods, reader.reads.get(table))
            missing += [f"{table} {gap}".strip() for gap in gaps]
            every = sorted({path for found in files.values() for path in found})
            model = self.project.models.get(table)
            if model and model.slice_by and periods[0].kind == MONTH and every:
                every, slices = self.sliced(con, model, every, periods)
            else:
                digests = self._file_digests(con, every)
                slices = {
                    period: digest_of((path.parent.name, digests[path]) for path in found)
                    for period, found in files.items()
                }
            self.view(con, table, every)
            shown.files[table] = every
            for period in periods:
                shown.digests[period][table] = slices[period]
        if missing:
            name = reader.name if isinstance(reader, Model) else reader.id
            whom = ", ".join(map(str, periods)) or "the region"
            raise DrgError(
                f"{name} cannot be computed for {whom}: what it reads is not there.",
                sorted(set(missing)),
                state="Nothing was changed.",
                remedy="Run the steps before it first; drg run and drg clear bring what is missing.",
            )
        return shown

    def _files(
        self,
        con: duckdb.DuckDBPyConnection,
        table: str,
        periods: Sequence[Period],
        reads: Reads | None,
    ) -> tuple[dict[Period, list[Path]], list[str]]:
        """The files of an upstream table that each partition reads, and what of it is not there."""
        files: dict[Period, list[Path]] = {}
        gaps: set[str] = set()
        if self.project.partition_of(table) == "delivery":
            landed, name = self.landed(), f"{table.split('.')[1]}.parquet"
            for period, labels in self._deliveries(con, periods, reads).items():
                files[period] = [landed[label] / name for label in sorted(labels) if label in landed]
                gaps |= {f"delivery {label}" for label in labels - landed.keys()}
        else:
            there = self.store.partitions(table, self.project.partition_of(table))
            for period, named in self._periods(con, table, periods, reads).items():
                files[period] = [there[one] for one in named if one in there]
                gaps |= {name_of(one) for one in named if one not in there}
        return files, sorted(gaps)

    def _periods(
        self,
        con: duckdb.DuckDBPyConnection,
        table: str,
        periods: Sequence[Period],
        reads: Reads | None,
    ) -> dict[Period, list[Period]]:
        """The partitions of an upstream table that each partition reads; its guide must be in view."""
        kind = self.project.partition_of(table)
        if reads and reads.year_from:
            column = quoted(reads.year_from.rpartition(".")[2])
            rows = con.execute(
                f"select distinct {periods[0].kind}, cast({column} as varchar) from {reads.guide} order by 2"
            ).fetchall()
            named = [(own, Period.of(year, YEAR)) for own, year in rows]
            return {period: [year for own, year in named if own == period.value] for period in periods}
        every = [*self.store.partitions(table, kind)]
        found = {period: upstream_periods([period], kind, reads) for period in periods}
        return {period: every if wanted is None else wanted for period, wanted in found.items()}

    def _deliveries(
        self, con: duckdb.DuckDBPyConnection, periods: Sequence[Period], reads: Reads | None
    ) -> dict[Period, set[str]]:
        """The deliveries that each partition reads, by name; their guide must be in view."""
        if periods[0] == WHOLE:
            return {WHOLE: set(self.landed())}
        if not reads or not reads.deliveries_of:
            return {own: {d for d in self.landed() if d.split("/")[0] == str(own)} for own in periods}
        found: dict[Period, set[str]] = {period: set() for period in periods}
        for month, delivery in con.execute(
            f"select distinct settlement_month, delivery from {reads.deliveries_of} "
            f"where settlement_month in ({', '.join(map(literal, periods))})"
        ).fetchall():
            found[Period.of(month)].add(delivery)
        return found

    def partitions(
        self, con: duckdb.DuckDBPyConnection, reader: Model | Invariant, periods: Sequence[Period]
    ) -> dict[str, list[Period]]:
        """The partitions of each upstream table that these partitions read; of deliveries the whole."""
        found = {table: [WHOLE] for table in reader.upstream}
        for table in self._guided(con, reader, delivered=False):
            named = self._periods(con, table, periods, reader.reads.get(table)).values()
            found[table] = sorted({one for each in named for one in each})
        return found

    def deliveries(
        self, con: duckdb.DuckDBPyConnection, reader: Model | Invariant, periods: Sequence[Period]
    ) -> set[str]:
        """The landed deliveries that these partitions read, by name."""
        found: set[str] = set()
        for table in self._guided(con, reader, delivered=True):
            found.update(*self._deliveries(con, periods, reader.reads.get(table)).values())
        return found & self.landed().keys()

    def _guided(
        self, con: duckdb.DuckDBPyConnection, reader: Model | Invariant, *, delivered: bool
    ) -> Iterator[str]:
        """What a reader reads of deliveries, or of anything else, with all of its guide in view."""
        for table in reader.upstream:
            if (self.project.partition_of(table) == "delivery") == delivered:
                if table in reader.reads and (guide := reader.reads[table].guide):
                    there = self.store.partitions(guide, self.project.partition_of(guide))
                    self.view(con, guide, list(there.values()))
                yield table

    def sliced(
        self, con: duckdb.DuckDBPyConnection, model: Model, files: Sequence[Path], months: Sequence[Period]
    ) -> tuple[list[Path], Mapping[Period, str]]:
        """What months depend on of a sliced table: a file that holds it, and the digest of each one's."""
        stands = digest_of((str(path), digest) for path, digest in self._file_digests(con, files).items())
        narrowed = self._slices.of(con, model, files, stands, months)
        return [narrowed.file], narrowed.digests

    def view(self, con: duckdb.DuckDBPyConnection, table: str, files: Sequence[Path]) -> None:
        """A view `layer.table` over files of it."""
        con.execute(
            f"create or replace view {with_schema(con, table)} as select * from {self.rows(table, files)}"
        )

    def rows(self, table: str, files: Sequence[Path]) -> str:
        """The rows of files of a table as SQL that can stand behind FROM; of no files none, of its types.

        A delivery that an earlier version landed has nulls in columns that it did not know.
        """
        if files and self.project.partition_of(table) != "delivery":
            return parquet(files)
        columns = ", ".join(
            f"cast(null as {self.project.column(table, column).type}) as {quoted(column)}"
            for column in self._columns(table)
        )
        none = f"select {columns} where false"
        landed = f" union all by name from {parquet(files, by_name=True)}" if files else ""
        return f"({none}{landed})"

    def _columns(self, table: str) -> Iterable[str]:
        if table in self.project.models:
            return self.project.models[table].columns
        return self.project.sources[table].columns

    def _file_digests(self, con: duckdb.DuckDBPyConnection, paths: Sequence[Path]) -> dict[Path, str]:
        """The logical digest each file carries; a delivery's folder is named by its own."""
        stamps = {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in paths if path.name == PART}
        unknown = [path for path, stamp in stamps.items() if self._digests.get(path, (None, ""))[0] != stamp]
        for path, found in footers(con, unknown).items():
            self._digests[path] = (stamps[path], found.digest)
        silent = [path for path in unknown if self._digests.get(path, (None, ""))[0] != stamps[path]]
        if silent:
            raise DrgError(
                "Files of the lake carry no digest.",
                map(str, silent),
                remedy="They were not written by this pipeline; remove them and run the steps again.",
            )
        return {path: self._digests[path][1] if path in stamps else path.parent.name for path in paths}


def upstream_periods(periods: Sequence[Period], up_kind: str, reads: Reads | None) -> list[Period] | None:
    """The partitions of an upstream table that a model's partitions read; None: all that are there."""
    if up_kind == NONE:
        return [WHOLE]
    if WHOLE in periods:
        return None
    reads = reads or Reads()
    if reads.months is not None and periods[0].kind == MONTH:
        low, high = reads.months
        wanted = {
            month
            for own in periods
            for month in between(own + low, own + high)
            if not reads.within_year or month.year == own.year
        }
    elif up_kind == MONTH and periods[0].kind == MONTH and reads.years is None:
        wanted = set(periods)
    else:
        low, high = reads.years or (0, 0)
        years = {year for own in periods for year in between(own.year + low, own.year + high)}
        wanted = years if up_kind == YEAR else {month for year in years for month in year.months}
    return sorted(wanted)
