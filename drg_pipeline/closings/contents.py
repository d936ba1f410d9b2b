"""What a closing of a period has to hold, and taking it out of the lake.

For a month: what is sealed of it, and all that the month's own tables rest on; what other periods have
settled is taken as it is. For a year: its clearing, its calibration and their history from the accepted rows
on; the sealed tables of its months are taken as they are. The models say what is sealed.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from drg_pipeline.closings.manifest import (
    CALENDAR_TABLE,
    DATA,
    LAKE,
    LANDED,
    OUTPUT,
    POLICY,
    REFERENCE_TABLE,
    REPORT,
    SCHEME_TABLE,
    STEP,
    TAKEN,
    TEXT,
    FileEntry,
    TableEntry,
)
from drg_pipeline.duck import first_line, quoted
from drg_pipeline.errors import DrgError
from drg_pipeline.lake.digest import logical_digest
from drg_pipeline.lake.engine import Engine
from drg_pipeline.lake.needs import Needs, deliveries_behind, needed, recompute
from drg_pipeline.lake.parquet import parquet
from drg_pipeline.lake.scratch import scratch
from drg_pipeline.lake.store import footers
from drg_pipeline.periods import MONTH, WHOLE, YEAR, Period
from drg_pipeline.region import CALENDAR, REFERENCE, SCHEME
from drg_pipeline.settings import Settings
from drg_pipeline.sql.model import Model
from drg_pipeline.sql.project import Project

_CLONE = 0x40049409  # FICLONE: a file's blocks shared until one of the two is written


@dataclass(frozen=True)
class Scope:
    """The partitions that a closing is about.

    needs   table -> partitions: all of them
    period  the month or year that is closed
    """

    project: Project
    period: Period
    needs: Needs

    def is_taken(self, table: str, partition: Period) -> bool:
        """Whether a partition is held as it is and not computed again."""
        return table not in self.project.models or taken_as_it_is(self.project, self.period, table, partition)

    def computed(self) -> Needs:
        """What a replay computes."""
        return self._parts(taken=False)

    def taken(self) -> Needs:
        """What a replay finds there; deliveries are not among it."""
        parts = self._parts(taken=True)
        return {table: own for table, own in parts.items() if self.project.partition_of(table) != "delivery"}

    def _parts(self, *, taken: bool) -> Needs:
        found: Needs = {}
        for table, partitions in self.needs.items():
            if own := [part for part in partitions if self.is_taken(table, part) == taken]:
                found[table] = own
        return found


def sealed_tables(project: Project, kind: str) -> list[str]:
    return [name for name, model in project.models.items() if model.sealed and model.partition == kind]


def taken_as_it_is(project: Project, period: Period, table: str, partition: Period) -> bool:
    """Of a month's closing every partition but the month's own; of a year's, what other closings seal."""
    if partition in (WHOLE, period):
        return False
    return period.kind == MONTH or project.models[table].sealed


def scope_of(engine: Engine, period: Period) -> Scope:
    """What a closing of the period is about, as the models and the law in the lake say.

    DrgError where the law that names other years' tables is not there: the period was never run.
    """
    project = engine.project
    targets = {table: [period] for table in sealed_tables(project, period.kind)}
    try:
        needs = needed(
            engine,
            targets,
            ends_at=lambda table, part: taken_as_it_is(project, period, table, part),
        )
    except duckdb.Error as error:
        raise DrgError(f"What {period} rests on cannot be read.", [first_line(error)]) from error
    return Scope(project, period, needs)


class Contents:
    """Fills the folder of a closing and keeps the list of what is in it."""

    def __init__(self, settings: Settings, engine: Engine, scope: Scope, folder: Path) -> None:
        self.settings = settings
        self.engine = engine
        self.scope = scope
        self.folder = folder
        self.files: list[FileEntry] = []
        self.tables: list[TableEntry] = []

    # -- files ---------------------------------------------------------------------------------

    def add(self, source: Path, path: str, role: str, table: str = "", partition: str = "") -> None:
        """A copy of a file of the lake or the repository: what is sealed shares no bytes with either."""
        copy_file(source, self.folder / path)
        self.enter(path, role, table, partition)

    def enter(self, path: str, role: str, table: str = "", partition: str = "") -> None:
        """List a file that is in the folder."""
        target = self.folder / path
        self.files.append(FileEntry(path, role, target.stat().st_size, sha256_of(target), table, partition))

    def add_report(self, name: str) -> None:
        self.enter(f"{REPORT}/{name}", TEXT)

    # -- tables --------------------------------------------------------------------------------

    def take_tables(self) -> None:
        """What is sealed, what it is computed from, and a note of each step between them.

        DrgError where rows are not those that their file was published with.
        """
        project, store = self.engine.project, self.engine.store
        paths: dict[Path, tuple[str, Period, str]] = {}
        for table, partitions in self.scope.needs.items():
            if project.partition_of(table) != "delivery":
                for part in partitions:
                    paths[store.file(table, part)] = (table, part, self._role(table, part))
        with closing(self.engine.connect()) as con:
            known = footers(con, list(paths))
            for path, (table, part, role) in paths.items():
                place = ""
                if role != STEP:
                    place = f"{LAKE}/{path.relative_to(store.root)}"
                    self.add(path, place, role, table, str(part))
                found = known[path]
                grain = list(grain_of(project, table))
                self.tables.append(
                    TableEntry(
                        table, part, role, found.digest, found.code, found.inputs, found.rows, place, grain
                    )
                )
            self._check_rows(con)

    def _role(self, table: str, partition: Period) -> str:
        if table in self.engine.project.models:
            if self.scope.is_taken(table, partition):
                return TAKEN
            own = partition == self.scope.period and self.engine.project.models[table].sealed
            return OUTPUT if own else STEP
        layer, name = table.split(".")
        if layer == SCHEME:
            return SCHEME_TABLE
        if layer == REFERENCE:
            return CALENDAR_TABLE if name == CALENDAR else REFERENCE_TABLE
        return POLICY

    def _check_rows(self, con: duckdb.DuckDBPyConnection) -> None:
        """What was copied is what the file's own digest says, and what was current when it was checked."""
        broken = [
            f"{entry.table} {entry.partition}".strip()
            for entry in self.tables
            if entry.file
            and digest_of_file(con, self.engine.project, entry.table, self.folder / entry.file)
            != entry.digest
        ]
        if broken:
            raise DrgError(
                f"{self.scope.period} cannot be closed: files of the lake were changed.",
                broken,
                state="Nothing was changed.",
                remedy="Their rows are not those that were published. Remove these files, run the period "
                "again and look at the result before you close it.",
            )

    def schemes(self) -> dict[str, str]:
        """Scheme -> digest of its folder, of the schemes that the lake holds."""
        head = self.engine.store.file(f"{SCHEME}.{SCHEME}", WHOLE)
        if not head.is_file():
            return {}
        with closing(self.engine.connect()) as con:
            return dict(con.execute(f"select scheme, digest from {parquet([head])}").fetchall())

    # -- deliveries ----------------------------------------------------------------------------

    def take_deliveries(self) -> set[str]:
        """The deliveries that the period rests on, whole; their names."""
        engine, computed = self.engine, self.scope.computed()
        landed = engine.inputs.landed()
        project = self.engine.project
        by_month = {t: parts for t, parts in computed.items() if WHOLE not in parts}
        sliced = [project.models[t] for t in computed if t in project.models and project.models[t].slice_by]
        whole = self.scope.period.kind == YEAR or any(
            reads_deliveries(project, project.models[table])
            for table, parts in computed.items()
            if WHOLE in parts and project.models[table] not in sliced
        )
        if whole:
            labels = set(landed)
            self._take(labels)
            return labels
        labels = deliveries_behind(engine, by_month)
        for model in sliced:
            labels |= self._named(model, self._keys(engine, model))
        self._take(labels)
        for model in sliced:
            labels |= self._complete(model, labels)
        return labels

    def _take(self, labels: set[str]) -> None:
        for label in sorted(labels):
            source = self.engine.inputs.landed()[label]
            for path in sorted(source.iterdir()):
                table = f"{LANDED}.{path.stem}" if path.suffix == ".parquet" else ""
                self.add(path, f"{LANDED}/{source.name}/{path.name}", DATA, table, label)

    def _complete(self, model: Model, labels: set[str]) -> set[str]:
        """Further deliveries, until the table made of those that are held says of the month what the lake's
        says.

        Of a version that was delivered twice the later delivery counts: where only the earlier one is held,
        for the sake of its other claims, its version would come back.
        """
        added: set[str] = set()
        while True:
            with self._rebuilt(model, labels | added) as (engine, entry):
                ours, theirs = self._slice(self.engine, model), self._slice(engine, model)
                if ours == theirs:
                    self.tables = [each if each.table != model.name else entry for each in self.tables]
                    return added
                surplus = self._keys(engine, model) - self._keys(self.engine, model)
            further = self._named(model, surplus) - labels - added
            if not further:
                raise DrgError(
                    f"{model.name}, made again from its deliveries, is another for {self.scope.period}.",
                    state="Nothing was changed.",
                    remedy=f"Run it again: drg run --months {self.scope.period}",
                )
            self._take(further)
            added |= further

    @contextmanager
    def _rebuilt(self, model: Model, labels: set[str]) -> Iterator[tuple[Engine, TableEntry]]:
        """A sliced table made again from the deliveries that are held: its engine and its entry."""
        landed = self.engine.inputs.landed()
        with scratch(
            self.settings,
            self.engine.project,
            held={},
            landed={label: self.folder / LANDED / landed[label].name for label in labels},
            within=self.folder,
        ) as engine:
            recompute(engine, {model.name: [WHOLE]})
            path = engine.store.file(model.name, WHOLE)
            with closing(engine.connect()) as con:
                found = footers(con, [path])[path]
            entry = next(each for each in self.tables if each.table == model.name)
            yield engine, replace(entry, digest=found.digest, inputs=found.inputs, rows=found.rows)

    def _slice(self, engine: Engine, model: Model) -> str:
        files = list(engine.store.partitions(model.name, "none").values())
        with closing(engine.connect()) as con:
            return engine.inputs.sliced(con, model, files, [self.scope.period])[1][self.scope.period]

    def _keys(self, engine: Engine, model: Model) -> set[object]:
        """The keys of a sliced table that the month depends on."""
        assert model.slice_by
        month, whole = (quoted(name) for name in model.slice_by)
        files = list(engine.store.partitions(model.name, "none").values())
        with closing(engine.connect()) as con:
            rows = con.execute(
                f"select distinct {whole} from {parquet(files)} where {month} = ?", [str(self.scope.period)]
            ).fetchall()
        return {key for (key,) in rows}

    def _named(self, model: Model, keys: set[object]) -> set[str]:
        """The deliveries that the lake's whole table names for these keys."""
        assert model.slice_by
        whole = quoted(model.slice_by[1])
        files = list(self.engine.store.partitions(model.name, "none").values())
        kind = self.engine.project.column(model.name, model.slice_by[1]).type
        with closing(self.engine.connect()) as con:
            rows = con.execute(
                f"select distinct delivery from {parquet(files)} "
                f"where {whole} in (select cast(unnest(?) as {kind}))",
                [[str(key) for key in keys]],
            ).fetchall()
        return {str(label) for (label,) in rows}


def grain_of(project: Project, table: str) -> Sequence[str]:
    return project.models[table].grain if table in project.models else project.sources[table].grain


def model_files(folder: Path) -> list[Path]:
    """Everything of a folder of models that their answers and their shape rest on."""
    return sorted(path for pattern in ("*.sql", "*.yml") for path in folder.rglob(pattern))


def reads_deliveries(project: Project, model: Model) -> bool:
    return any(project.partition_of(table) == "delivery" for table in model.upstream)


def digest_of_file(con: duckdb.DuckDBPyConnection, project: Project, table: str, path: Path) -> str:
    """The logical digest of the rows that a file holds, as its writer reckoned it."""
    model = project.models.get(table)
    names: Sequence[str] = model.columns if model else list(project.sources[table].columns)
    own = f"(select {', '.join(map(quoted, names))} from {parquet([path])})"
    types = [(name, project.column(table, name).type) for name in names]
    if model:
        # A type's spelling is part of the digest: models are digested with DuckDB's.
        found = con.execute(f"describe select * from {own}").fetchall()
        types = [(str(row[0]), str(row[1])) for row in found]
    return logical_digest(con, own, types, grain_of(project, table)).digest


def copy_file(source: Path, target: Path) -> None:
    """A copy that costs no space where the file system can share blocks until one side is written; the folder
    of the target is made."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with open(source, "rb") as reader, open(target, "wb") as writer:
        try:
            fcntl.ioctl(writer.fileno(), _CLONE, reader.fileno())
        except OSError:
            shutil.copyfileobj(reader, writer, 1 << 20)


def copy_tree(source: Path, target: Path) -> None:
    """Copies of all files that lie in a folder itself; of none where it is not there."""
    for path in source.iterdir() if source.is_dir() else ():
        if path.is_file():
            copy_file(path, target / path.name)


def sha256_of(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
