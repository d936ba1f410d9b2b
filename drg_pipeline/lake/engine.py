"""Computes a model's partitions: opens an in-memory DuckDB, shows it what the model may read, writes the
rows beside the target, checks that file, publishes it.

Knows how names become files; it knows no table and no rule by name. What is published has passed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from drg_pipeline.errors import DrgError
from drg_pipeline.lake.digest import digest_of, logical_digest, quoted
from drg_pipeline.lake.periods import upstream_partitions
from drg_pipeline.lake.store import Store, footer
from drg_pipeline.settings import Settings
from drg_pipeline.sql.contract import Check, Contract
from drg_pipeline.sql.model import Invariant, Model, Reads
from drg_pipeline.sql.project import Project

Landed = Callable[[], Mapping[str, Path]]
"""delivery name -> folder of its accepted rows"""


@dataclass
class Outcome:
    """One partition of a step: what was counted, which checks were made, whether it was published."""

    table: str
    partition: str | None
    path: Path
    rows: int
    digest: str
    checks: list[Check] = field(default_factory=list)
    published: bool = False

    @property
    def failures(self) -> list[Check]:
        return [check for check in self.checks if check.blocking and not check.passed]


@dataclass(frozen=True)
class Seen:
    """A view that a step has on an upstream table: its files and one digest over them."""

    files: list[Path]
    digest: str


class Engine:
    """Runs models over one region's lake."""

    def __init__(self, settings: Settings, project: Project, store: Store, landed: Landed) -> None:
        self.settings = settings
        self.project = project
        self.store = store
        self.landed = landed

    def connect(self) -> duckdb.DuckDBPyConnection:
        """An in-memory DuckDB with the shared macros; spills into the lake, reaches no network."""
        con = duckdb.connect()
        con.execute("set autoinstall_known_extensions = false")
        con.execute("set autoload_known_extensions = false")
        spill = self.store.root / ".spill"
        con.execute(f"set temp_directory = '{sql_text(spill)}'")
        if self.settings.threads:
            con.execute(f"set threads = {int(self.settings.threads)}")
        if self.settings.memory_limit:
            con.execute(f"set memory_limit = '{sql_text(self.settings.memory_limit)}'")
        con.execute(self.project.macros)
        return con

    # -- what a step may see -------------------------------------------------------------------

    def show(
        self,
        con: duckdb.DuckDBPyConnection,
        reader: Model | Invariant,
        kind: str,
        partitions: Sequence[str],
        skip: frozenset[str] = frozenset(),
    ) -> dict[str, Seen]:
        """Create a view for each upstream name of a model or invariant, over the partitions it may read."""
        seen: dict[str, Seen] = {}
        missing: list[str] = []
        # Tables that say which partitions of others are read come first.
        guides = {r.year_from.rsplit(".", 1)[0] for r in reader.reads.values() if r.year_from}
        guides |= {r.deliveries_of for r in reader.reads.values() if r.deliveries_of}
        for table in sorted(reader.upstream, key=lambda name: (name not in guides, name)):
            if table in skip:
                continue
            reads = reader.reads.get(table)
            up_kind = self.project.partition_of(table)
            if up_kind == "delivery":
                files = self._delivery_files(con, table, kind, partitions, reads)
                digest = digest_of((path.parent.name, "") for path in files)
            else:
                wanted = self._wanted(con, table, kind, partitions, up_kind, reads)
                there = self.store.partitions(table, up_kind)
                files = [there[key] for key in (there if wanted is None else wanted) if key in there]
                missing += [f"{table} {up_kind}={key}" for key in wanted or () if key not in there]
                if wanted is None and not files:
                    missing.append(table)
                digest = digest_of((str(path.parent.name), self._digest(con, path)) for path in files)
            self.view(con, table, files)
            seen[table] = Seen(files, digest)
        if missing:
            name = reader.name if isinstance(reader, Model) else reader.id
            raise DrgError(
                f"{name} cannot be computed for {', '.join(partitions) or 'the region'}: what it reads is not there.",
                missing,
                state="Nothing was changed.",
                remedy="Run the steps before it first; drg run and drg clear bring what is missing.",
            )
        return seen

    def _wanted(
        self,
        con: duckdb.DuckDBPyConnection,
        table: str,
        kind: str,
        partitions: Sequence[str],
        up_kind: str,
        reads: Reads | None,
    ) -> list[str] | None:
        if reads and reads.year_from:
            guide, column = reads.year_from.rsplit(".", 1)
            marks = ", ".join("?" for _ in partitions)
            rows = con.execute(
                f"select distinct cast({quoted(column)} as varchar) from {guide} where {kind} in ({marks})", list(partitions)
            ).fetchall()
            return sorted(year for (year,) in rows)
        return upstream_partitions(kind, partitions, up_kind, reads)

    def _delivery_files(
        self, con: duckdb.DuckDBPyConnection, table: str, kind: str, partitions: Sequence[str], reads: Reads | None
    ) -> list[Path]:
        landed = self.landed()
        if kind == "none":
            wanted = set(landed)
        elif reads and reads.deliveries_of:
            marks = ", ".join("?" for _ in partitions)
            rows = con.execute(
                f"select distinct delivery from {reads.deliveries_of} where settlement_month in ({marks})", list(partitions)
            ).fetchall()
            wanted = {delivery for (delivery,) in rows}
        else:
            wanted = {delivery for delivery in landed if delivery.split("/")[0] in set(partitions)}
        name = table.split(".")[1]
        return [landed[delivery] / f"{name}.parquet" for delivery in sorted(wanted) if delivery in landed]

    def view(self, con: duckdb.DuckDBPyConnection, table: str, files: Sequence[Path]) -> None:
        """A view `layer.table` over files; without files an empty one of the right types."""
        layer, name = table.split(".")
        con.execute(f"create schema if not exists {quoted(layer)}")
        target = f"{quoted(layer)}.{quoted(name)}"
        if files:
            con.execute(f"create or replace view {target} as select * from {parquet(files)}")
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

    def _digest(self, con: duckdb.DuckDBPyConnection, path: Path) -> str:
        found = footer(con, path)
        if found is None:
            raise DrgError(f"{path} carries no digest.", remedy="It was not written by this pipeline; remove it and run the step again.")
        return found.digest

    # -- computing -----------------------------------------------------------------------------

    def compute(self, name: str, partitions: Sequence[str] = ()) -> list[Outcome]:
        """Compute, check and publish a model's partitions in one go; each is judged alone.

        Raises DrgError when the SELECT itself cannot run. A partition whose checks fail is not
        published; its outcome says so.
        """
        model = self.project.models[name]
        with closing(self.connect()) as con:
            seen = self.show(con, model, model.partition, partitions)
            try:
                con.execute(f"create temp table candidate as {self._filtered(model, partitions)}")
            except duckdb.Error as error:
                raise DrgError(
                    f"{name} could not be computed for {', '.join(partitions) or 'the region'}.",
                    [first_line(error)],
                    state="Nothing was published; what was there stands.",
                ) from error
            return self._publish(con, model, partitions, seen)

    @staticmethod
    def _filtered(model: Model, partitions: Sequence[str]) -> str:
        if model.partition == "none":
            return model.sql
        values = ", ".join(f"'{sql_text(p)}'" if model.partition == "month" else str(int(p)) for p in partitions)
        return f"select * from ({model.sql}\n) as answer where {model.partition} in ({values})"

    def _publish(
        self, con: duckdb.DuckDBPyConnection, model: Model, partitions: Sequence[str], seen: Mapping[str, Seen]
    ) -> list[Outcome]:
        contract = Contract(self.project, model)
        types = contract.check_types(con, "candidate")
        inputs = {table: view.digest for table, view in seen.items()}
        code = self.project.code_version(model.name)
        outcomes: list[Outcome] = []
        temporaries: dict[str | None, Path] = {}
        keys: list[str | None] = [None] if model.partition == "none" else list(partitions)
        try:
            for key in keys:
                outcome, temporary = write_partition(
                    con,
                    self.store,
                    relation="candidate",
                    table=model.name,
                    kind=model.partition,
                    partition=key,
                    columns=types,
                    grain=model.grain,
                    code=code,
                    inputs=inputs,
                )
                outcomes.append(outcome)
                temporaries[key] = temporary
            con.execute("drop table candidate")
            self.view(con, model.name, list(temporaries.values()))
            for invariant in self.project.invariants_of(model.name):
                self.show(con, invariant, model.partition, list(partitions), skip=frozenset({model.name, *seen}))
            checks = contract.checks(con, keys)
            for outcome in outcomes:
                outcome.checks = checks[outcome.partition]
                if not outcome.failures:
                    self.store.publish(temporaries.pop(outcome.partition), outcome.path)
                    outcome.published = True
        finally:
            for temporary in temporaries.values():
                temporary.unlink(missing_ok=True)
        return outcomes

    def is_current(self, con: duckdb.DuckDBPyConnection, name: str, partition: str | None) -> bool:
        """Whether a published partition was computed by today's model from today's inputs."""
        model = self.project.models[name]
        path = self.store.file(name, model.partition, partition)
        if not path.is_file():
            return False
        found = footer(con, path)
        if found is None or found.code != self.project.code_version(name):
            return False
        try:
            seen = self.show(con, model, model.partition, [partition] if partition else [])
        except DrgError:
            return False
        return found.inputs == {table: view.digest for table, view in seen.items()}


def write_partition(
    con: duckdb.DuckDBPyConnection,
    store: Store,
    *,
    relation: str,
    table: str,
    kind: str,
    partition: str | None,
    columns: Sequence[tuple[str, str]],
    grain: Sequence[str],
    code: str,
    inputs: Mapping[str, str],
) -> tuple[Outcome, Path]:
    """Write one partition of a relation to a temporary file beside its place, with its digest inside."""
    where = "" if partition is None else f" where {kind} = {partition_literal(kind, partition)}"
    own = f"(select * from {relation}{where})"
    digest = logical_digest(con, own, columns, grain)
    rows = int(con.execute(f"select count(*) from {own}").fetchall()[0][0])
    path = store.file(table, kind, partition)
    temporary = store.temporary(path)
    stored = ", ".join(quoted(name) for name, _ in columns if name != kind)
    order = ", ".join(quoted(name) for name in grain) or "all"
    notes = {"digest": digest, "code": code, "inputs": json.dumps(dict(sorted(inputs.items()))), "rows": str(rows), "model": table}
    metadata = ", ".join(f"{name}: '{sql_text(value)}'" for name, value in notes.items())
    con.execute(
        f"copy (select {stored} from {own} order by {order}) to '{sql_text(temporary)}' "
        f"(format parquet, compression zstd, kv_metadata {{{metadata}}})"
    )
    return Outcome(table, partition, path, rows, digest), temporary


def parquet(files: Sequence[Path]) -> str:
    """A table function over files of the lake; the partition's column comes from the path."""
    listed = ", ".join(f"'{sql_text(path)}'" for path in files)
    kinds = {part.split("=")[0] for path in files for part in path.parts if part.startswith(("month=", "year="))}
    if not kinds:
        return f"read_parquet([{listed}], hive_partitioning = false)"
    types = {"month": "varchar", "year": "integer"}
    declared = ", ".join(f"{kind}: {types[kind]}" for kind in sorted(kinds))
    return f"read_parquet([{listed}], hive_partitioning = true, hive_types = {{{declared}}})"


def partition_literal(kind: str, partition: str) -> str:
    return str(int(partition)) if kind == "year" else f"'{sql_text(partition)}'"


def sql_text(value: object) -> str:
    return str(value).replace("'", "''")


def first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
