"""What a step may read: which partitions and deliveries of each upstream table, as views, with the
digest of what it saw.

Which engine computes from it, and what becomes of the answer, is not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from drg_pipeline.duck import quoted
from drg_pipeline.errors import DrgError
from drg_pipeline.lake.digest import digest_of
from drg_pipeline.lake.parquet import parquet
from drg_pipeline.lake.periods import month_number, month_text, months_between, months_of
from drg_pipeline.lake.slices import Slices
from drg_pipeline.lake.store import PART, SPILL, Store, footers
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

    digests: dict[str | None, dict[str, str]]
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
        kind: str,
        partitions: Sequence[str],
        skip: Collection[str] = (),
    ) -> Shown:
        """Create a view for each upstream name of a model or invariant, over the partitions it may read.

        What a partition reads is the same whether partitions are computed one by one or together.
        DrgError where something that is read is not there.
        """
        keys: list[str | None] = [None] if kind == "none" else list(partitions)
        shown = Shown({key: {} for key in keys}, {})
        missing: list[str] = []
        # Tables that say which partitions of others are read come first.
        guides = {r.year_from.rsplit(".", 1)[0] for r in reader.reads.values() if r.year_from}
        guides |= {r.deliveries_of for r in reader.reads.values() if r.deliveries_of}
        for table in sorted(reader.upstream, key=lambda name: (name not in guides, name)):
            if table in skip:
                continue
            files, gaps = self._files(con, table, kind, keys, reader.reads.get(table))
            missing += [f"{table} {gap}".strip() for gap in gaps]
            every = sorted({path for found in files.values() for path in found})
            model = self.project.models.get(table)
            if model and model.slice_by and kind == "month" and every:
                every, slices = self.sliced(con, model, every, partitions)
            else:
                digests = self._file_digests(con, every)
                slices = {
                    key: digest_of((path.parent.name, digests[path]) for path in files[key]) for key in keys
                }
            self.view(con, table, every)
            shown.files[table] = every
            for key in keys:
                shown.digests[key][table] = slices[key]
        if missing:
            name = reader.name if isinstance(reader, Model) else reader.id
            whom = ", ".join(partitions) or "the region"
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
        kind: str,
        keys: Sequence[str | None],
        reads: Reads | None,
    ) -> tuple[dict[str | None, list[Path]], list[str]]:
        """The files of an upstream table that each partition reads, and the partitions that are not there."""
        up_kind = self.project.partition_of(table)
        if up_kind == "delivery":
            return self.deliveries(con, table, kind, keys, reads)
        there = self.store.partitions(table, up_kind)
        if not there and up_kind == "none":
            return {key: [] for key in keys}, [""]
        years = self._years(con, kind, keys, reads.year_from) if reads and reads.year_from else {}
        files: dict[str | None, list[Path]] = {}
        gaps: list[str] = []
        for key in keys:
            wanted = (
                years[key]
                if key in years
                else upstream_partitions(kind, [key] if key else [], up_kind, reads)
            )
            files[key] = [there[up] for up in (there if wanted is None else wanted) if up in there]
            gaps += [f"{up_kind}={up}" for up in wanted or () if up not in there]
        return files, gaps

    @staticmethod
    def _years(
        con: duckdb.DuckDBPyConnection, kind: str, keys: Sequence[str | None], year_from: str
    ) -> dict[str | None, list[str]]:
        guide, column = year_from.rsplit(".", 1)
        rows = con.execute(
            f"select cast({kind} as varchar), cast({quoted(column)} as varchar) from {guide}"
        ).fetchall()
        return {key: sorted({year for own, year in rows if own == key}) for key in keys}

    def partitions(
        self,
        con: duckdb.DuckDBPyConnection,
        reader: Model | Invariant,
        kind: str,
        partitions: Sequence[str],
    ) -> dict[str, list[str]]:
        """The partitions of each upstream table that these partitions read; none of a table without."""
        keys: list[str | None] = [None] if kind == "none" else list(partitions)
        found: dict[str, list[str]] = {}
        for table in reader.upstream:
            up_kind, reads = self.project.partition_of(table), reader.reads.get(table)
            if up_kind in ("none", "delivery"):
                found[table] = []
                continue
            if reads and reads.year_from:
                guide = reads.year_from.rsplit(".", 1)[0]
                self.view(con, guide, list(self.store.partitions(guide, kind).values()))
                years = self._years(con, kind, keys, reads.year_from)
                found[table] = sorted({year for named in years.values() for year in named})
                continue
            wanted = upstream_partitions(kind, partitions, up_kind, reads)
            there = self.store.partitions(table, up_kind)
            found[table] = [name for name in there if name] if wanted is None else wanted
        return found

    def deliveries(
        self,
        con: duckdb.DuckDBPyConnection,
        table: str,
        kind: str,
        keys: Sequence[str | None],
        reads: Reads | None,
    ) -> tuple[dict[str | None, list[Path]], list[str]]:
        """Of a table of deliveries the files that each partition reads, and the deliveries that lack.

        The table that tells which of them a month reads must be in view.
        """
        landed = self.landed()
        if kind == "none":
            wanted: dict[str | None, set[str]] = {None: set(landed)}
        elif reads and reads.deliveries_of:
            wanted = {key: set() for key in keys}
            marks = ", ".join("?" for _ in keys)
            for month, delivery in con.execute(
                f"select distinct settlement_month, delivery from {reads.deliveries_of} "
                f"where settlement_month in ({marks})",
                list(keys),
            ).fetchall():
                wanted[month].add(delivery)
        else:
            wanted = {key: {delivery for delivery in landed if delivery.split("/")[0] == key} for key in keys}
        name = f"{table.split('.')[1]}.parquet"
        gaps = sorted({delivery for found in wanted.values() for delivery in found} - landed.keys())
        files: dict[str | None, list[Path]] = {
            key: [landed[delivery] / name for delivery in sorted(found) if delivery in landed]
            for key, found in wanted.items()
        }
        return files, [f"delivery {delivery}" for delivery in gaps]

    def sliced(
        self, con: duckdb.DuckDBPyConnection, model: Model, files: Sequence[Path], months: Sequence[str]
    ) -> tuple[list[Path], dict[str | None, str]]:
        """What months depend on of a sliced table: a file that holds it, and the digest of each one's."""
        stands = digest_of((str(path), digest) for path, digest in self._file_digests(con, files).items())
        narrowed = self._slices.of(con, model, files, stands, months)
        return [narrowed.file], {month: narrowed.digests[month] for month in months}

    def view(self, con: duckdb.DuckDBPyConnection, table: str, files: Sequence[Path]) -> None:
        """A view `layer.table` over files of it."""
        layer, name = map(quoted, table.split("."))
        con.execute(f"create schema if not exists {layer}")
        con.execute(f"create or replace view {layer}.{name} as select * from {self.rows(table, files)}")

    def rows(self, table: str, files: Sequence[Path]) -> str:
        """The rows of files of a table as SQL that can stand behind FROM; of no files none, of its types."""
        if files:
            return parquet(files)
        columns = ", ".join(
            f"cast(null as {self.project.column(table, column).type}) as {quoted(column)}"
            for column in self._columns(table)
        )
        return f"(select {columns} where false)"

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


def upstream_partitions(
    kind: str, partitions: Sequence[str], up_kind: str, reads: Reads | None
) -> list[str] | None:
    """The partitions of an upstream table that a model's partitions read; None: the whole table."""
    if up_kind == "none" or kind == "none":
        return None
    reads = reads or Reads()
    if reads.months is not None and kind == "month":
        low, high = reads.months
        wanted: Iterable[str] = (
            month
            for own in partitions
            for month in months_between(
                month_text(month_number(own) + low), month_text(month_number(own) + high)
            )
            if not reads.within_year or month[:4] == own[:4]
        )
    else:
        low, high = reads.years or (0, 0)
        years = (str(int(own[:4]) + offset) for own in partitions for offset in range(low, high + 1))
        if up_kind == "year":
            wanted = years
        elif kind == "month" and reads.years is None:
            wanted = partitions
        else:
            wanted = (month for year in years for month in months_of(year))
    return sorted(set(wanted))
