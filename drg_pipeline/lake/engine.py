"""Computes a model's partitions: opens an in-memory DuckDB, shows it what the model may read, writes the
rows beside the target, checks that file, publishes it.

Knows how names become files; it knows no table and no rule by name. What is published has passed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import duckdb

from drg_pipeline.duck import connect, first_line, quoted
from drg_pipeline.errors import DrgError
from drg_pipeline.files import publish
from drg_pipeline.lake.digest import KIND, digest_of, logical_digest
from drg_pipeline.lake.failing import keep_failing
from drg_pipeline.lake.outcome import Outcome
from drg_pipeline.lake.parquet import parquet, partition_literal, rows_of, write_partition
from drg_pipeline.lake.periods import upstream_partitions
from drg_pipeline.lake.slices import Slices
from drg_pipeline.lake.store import PART, Store, footers
from drg_pipeline.settings import Settings
from drg_pipeline.sql.contract import Contract
from drg_pipeline.sql.header import Reads
from drg_pipeline.sql.model import Invariant, Model
from drg_pipeline.sql.project import Project

Landed = Callable[[], Mapping[str, Path]]
"""delivery name -> folder of its accepted rows"""
Guard = Callable[[str, Collection[str]], None]
"""refuses, by a DrgError, that partitions of a table be computed again"""

SPILL = ".spill"


class Engine:
    """Runs models over one region's lake."""

    def __init__(
        self,
        settings: Settings,
        project: Project,
        store: Store,
        landed: Landed,
        guard: Guard = lambda table, partitions: None,
    ) -> None:
        self.settings = settings
        self.project = project
        self.store = store
        self.landed = landed
        self.guard = guard
        self.within: Sequence[Path] = ()
        """the only folders that connections reach; none: any"""
        self._digests: dict[Path, tuple[tuple[int, int], str]] = {}
        self._slices = Slices(project, store.root / SPILL)

    def connect(self) -> duckdb.DuckDBPyConnection:
        """An in-memory DuckDB with the shared macros; spills into the lake, reaches no network."""
        con = connect(
            threads=self.settings.threads,
            memory_limit=self.settings.memory_limit,
            spill=self.store.root / SPILL,
            within=self.within,
        )
        con.execute(self.project.macros)
        return con

    # -- what a step may see -------------------------------------------------------------------

    def show(
        self,
        con: duckdb.DuckDBPyConnection,
        reader: Model | Invariant,
        kind: str,
        partitions: Sequence[str],
        skip: Collection[str] = (),
    ) -> dict[str | None, dict[str, str]]:
        """Create a view for each upstream name of a model or invariant, over the partitions it may read.

        Returns, for each of its own partitions, the digest of what that partition reads of each table: the
        same whether partitions are computed one by one or together.
        """
        keys: list[str | None] = [None] if kind == "none" else list(partitions)
        inputs: dict[str | None, dict[str, str]] = {key: {} for key in keys}
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
            self.view(con, table, every)
            model = self.project.models.get(table)
            if model and model.slice_by and kind == "month" and every:
                slices = self.slice_digests(con, model, every, partitions)
            else:
                digests = self._file_digests(con, every)
                slices = {
                    key: digest_of((path.parent.name, digests[path]) for path in files[key]) for key in keys
                }
            for key in keys:
                inputs[key][table] = slices[key]
        if missing:
            name = reader.name if isinstance(reader, Model) else reader.id
            whom = ", ".join(partitions) or "the region"
            raise DrgError(
                f"{name} cannot be computed for {whom}: what it reads is not there.",
                sorted(set(missing)),
                state="Nothing was changed.",
                remedy="Run the steps before it first; drg run and drg clear bring what is missing.",
            )
        return inputs

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
            return self.delivery_files(con, table, kind, keys, reads)
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

    def reads(
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

    def delivery_files(
        self,
        con: duckdb.DuckDBPyConnection,
        table: str,
        kind: str,
        keys: Sequence[str | None],
        reads: Reads | None,
    ) -> tuple[dict[str | None, list[Path]], list[str]]:
        """The same of a table of deliveries; the table that tells which of them must be in view."""
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

    def slice_digests(
        self, con: duckdb.DuckDBPyConnection, model: Model, files: Sequence[Path], months: Sequence[str]
    ) -> dict[str | None, str]:
        """Narrow the view of a sliced table to what the months depend on; the digest of each one's part."""
        stands = digest_of((str(path), digest) for path, digest in self._file_digests(con, files).items())
        narrowed = self._slices.of(con, model, files, stands, months)
        self.view(con, model.name, [narrowed.file])
        return {month: narrowed.digests[month] for month in months}

    def view(
        self, con: duckdb.DuckDBPyConnection, table: str, files: Sequence[Path], where: str = ""
    ) -> None:
        """A view `layer.table` over files; without files an empty one of the right types."""
        layer, name = table.split(".")
        con.execute(f"create schema if not exists {quoted(layer)}")
        target = f"{quoted(layer)}.{quoted(name)}"
        if files:
            con.execute(f"create or replace view {target} as select * from {parquet(files)} {where}")
            return
        columns = ", ".join(
            f"cast(null as {self.project.column(table, column).type}) as {quoted(column)}"
            for column in self._columns(table)
        )
        con.execute(f"create or replace view {target} as select {columns} where false")

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

    # -- computing -----------------------------------------------------------------------------

    def compute(self, name: str, partitions: Sequence[str] = ()) -> list[Outcome]:
        """Compute, check and publish a model's partitions; each is judged alone.

        They are computed in one go, or where that does not fit into memory in several.

        Raises DrgError when the SELECT itself cannot run, and of a sealed table where a partition is closed.
        A partition whose checks fail is not published; its outcome says so.
        """
        model = self.project.models[name]
        with self.store.alone(*(partitions or [name])):
            # Asked under the lock that a closing holds while it is made.
            if model.sealed:
                self.guard(name, partitions)
            if not partitions:
                return self._computed(model, ())
            outcomes: list[Outcome] = []
            at_once = len(partitions)
            while rest := partitions[len(outcomes) :]:
                try:
                    outcomes += self._computed(model, rest[:at_once])
                except duckdb.OutOfMemoryException as error:
                    if at_once == 1:
                        raise self._stopped(model, rest[:1], error) from error
                    # Lists and other states of an aggregate are not spilled: fewer partitions have fewer.
                    at_once = (min(at_once, len(rest)) + 1) // 2
            return outcomes

    def _computed(self, model: Model, partitions: Sequence[str]) -> list[Outcome]:
        with closing(self.connect()) as con:
            inputs = self.show(con, model, model.partition, partitions)
            # Its partitions, so that each is read alone, and in them its grain: the order of its digest.
            order = dict.fromkeys((*(() if model.partition == "none" else (model.partition,)), *model.grain))
            try:
                # Not temporary: the cursors that write partitions side by side see it. Sorted once for all.
                con.execute(
                    f"create table candidate as {self._filtered(model, partitions)} "
                    f"order by {', '.join(map(quoted, order))}"
                )
            except duckdb.Error as error:
                if isinstance(error, duckdb.OutOfMemoryException) and partitions:
                    raise
                raise self._stopped(model, partitions, error) from error
            return self._publish(con, model, partitions, inputs)

    @staticmethod
    def _stopped(model: Model, partitions: Sequence[str], error: duckdb.Error) -> DrgError:
        return DrgError(
            f"{model.name} could not be computed for {', '.join(partitions) or 'the region'}.",
            [first_line(error)],
            state="Nothing was published; what was there stands.",
            remedy="Give it more memory by DRG_MEMORY_LIMIT, or on a larger machine."
            if isinstance(error, duckdb.OutOfMemoryException)
            else "",
        )

    @staticmethod
    def _filtered(model: Model, partitions: Sequence[str]) -> str:
        if model.partition == "none":
            return f"select * from ({model.sql}\n) as answer"
        values = ", ".join(partition_literal(model.partition, partition) for partition in partitions)
        return f"select * from ({model.sql}\n) as answer where {model.partition} in ({values})"

    def _publish(
        self,
        con: duckdb.DuckDBPyConnection,
        model: Model,
        partitions: Sequence[str],
        inputs: Mapping[str | None, Mapping[str, str]],
    ) -> list[Outcome]:
        contract = Contract(self.project, model)
        types = contract.check_types(con, "candidate")
        code = self.project.code_version(model.name)
        temporaries: dict[str | None, Path] = {}
        keys: list[str | None] = [None] if model.partition == "none" else list(partitions)

        def write(key: str | None) -> Outcome:
            own_rows = rows_of("candidate", model.partition, key)
            with con.cursor() as own:
                outcome, temporaries[key] = write_partition(
                    own,
                    self.store,
                    relation=own_rows,
                    table=model.name,
                    kind=model.partition,
                    partition=key,
                    columns=types,
                    code=code,
                    inputs=inputs[key],
                    counted=logical_digest(own, own_rows, types, in_order=True),
                )
            return outcome

        try:
            # Most partitions are too small to be written by two threads.
            with ThreadPoolExecutor(self.settings.threads or os.cpu_count()) as pool:
                outcomes = list(pool.map(write, keys))
            con.execute("drop table candidate")
            self.view(con, model.name, [temporaries[key] for key in keys])
            for invariant in self.project.invariants_of(model.name):
                self.show(
                    con, invariant, model.partition, list(partitions), skip={model.name, *model.upstream}
                )
            checks = contract.checks(con, keys)
            keep_failing(con, self.store, model.name, checks)
            for outcome in outcomes:
                outcome.checks = checks[outcome.partition]
            passed = [outcome for outcome in outcomes if not outcome.failures]
            publish({temporaries.pop(outcome.partition): outcome.path for outcome in passed})
            for outcome in passed:
                outcome.published = True
        finally:
            for temporary in temporaries.values():
                temporary.unlink(missing_ok=True)
        return outcomes

    def stale(self, name: str, partitions: Sequence[str] = ()) -> list[str]:
        """Those of the partitions that are missing, or that today's model or today's inputs would change.

        A table without partitions is its one partition, named ''.
        """
        model = self.project.models[name]
        code = self.project.code_version(name)
        partitions = [""] if model.partition == "none" else partitions
        files = {partition: self.store.file(name, model.partition, partition) for partition in partitions}
        with closing(self.connect()) as con:
            there = footers(con, [path for path in files.values() if path.is_file()])
            current = [
                partition
                for partition, path in files.items()
                if path in there and (there[path].code, there[path].kind) == (code, KIND)
            ]
            inputs: Mapping[str | None, Mapping[str, str]] = {}
            if current:
                try:
                    inputs = self.show(con, model, model.partition, current)
                except DrgError:
                    # Something it reads is not there: the step that is run will say what.
                    return list(partitions)
        return [
            partition
            for partition, path in files.items()
            if (partition or None) not in inputs or there[path].inputs != inputs[partition or None]
        ]
