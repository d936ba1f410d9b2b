"""Computes a closing again from the closing alone and says whether it comes out the same.

Knows neither the region's law nor its lake: models, law, reference and rows are those of the closing, the
machinery is today's. Which bytes have changed is `verify.py`'s, why rows differ `causes.py`'s.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb

from drg_pipeline.closings.causes import Cause, Causes, Node
from drg_pipeline.closings.contents import copy_file, copy_tree, digest_of_file, scope_of
from drg_pipeline.closings.manifest import (
    DATA,
    OUTPUT,
    TAKEN,
    Manifest,
    TableEntry,
    read_manifest,
)
from drg_pipeline.closings.projects import Projects, check_fits
from drg_pipeline.closings.record import Record, at_rest, digest_at
from drg_pipeline.closings.seal import versions
from drg_pipeline.closings.verify import Change, check_no_links, verify, vouched
from drg_pipeline.duck import connect, first_line
from drg_pipeline.errors import DrgError
from drg_pipeline.lake.closed import Closed, ClosedPeriods
from drg_pipeline.lake.compare import SHOWN, Compared, compare_files
from drg_pipeline.lake.digest import KIND
from drg_pipeline.lake.engine import Engine
from drg_pipeline.lake.needs import recompute
from drg_pipeline.lake.scratch import scratch, work_folder
from drg_pipeline.lake.store import Footer, footers
from drg_pipeline.periods import Period
from drg_pipeline.settings import Settings
from drg_pipeline.sql.project import Project
from drg_pipeline.trail import PublicKey, Trail

CLOSING, CURRENT = "closing", "current"
SAME, DIFFERS, NOT_COMPUTED = "identical", "differs", "not computed"


@dataclass(frozen=True)
class TableReplay:
    """What came of one sealed partition: its state, and where it differs how and why."""

    table: str
    partition: Period
    state: str
    rows: int
    difference: Compared | None = None
    causes: Sequence[Cause] = ()


@dataclass(frozen=True)
class Replayed:
    """What came of a closing.

    changed    what is not as it was sealed, in bytes
    code       tables whose model is another today (of the repository, beside the closing's own)
    versions   what computed it then and computes now, where the two differ
    stopped    why not all of it could be computed
    """

    closed: Closed
    digest: str
    manifest: Manifest | None = None
    changed: Sequence[Change] = ()
    tables: Sequence[TableReplay] = ()
    code: Sequence[str] = ()
    versions: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    stopped: str = ""
    steps: int = 0
    seconds: float = 0.0

    @property
    def identical(self) -> bool:
        same = bool(self.tables) and all(each.state == SAME for each in self.tables)
        return same and not self.changed and not self.stopped

    def summary(self) -> dict[str, Any]:
        """The answer in texts and numbers, for other programs."""
        return {
            "period": str(self.closed.period),
            "number": self.closed.number,
            "manifest": self.digest,
            "identical": self.identical,
            "changed": [asdict(change) for change in self.changed],
            "stopped": self.stopped,
            "tables": [{**asdict(table), "partition": str(table.partition)} for table in self.tables],
            "code": list(self.code),
            "versions": {name: {"then": then, "now": now} for name, (then, now) in self.versions.items()},
            "partitions_computed": self.steps,
            "seconds": round(self.seconds, 2),
        }


def replay(
    settings: Settings,
    period: Period,
    number: int | None = None,
    *,
    code: str = CLOSING,
    expect: str = "",
    keys: Sequence[PublicKey] = (),
    shown: int = SHOWN,
    projects: Projects | None = None,
    progress: Callable[[str], None] = lambda table: None,
) -> Replayed:
    """Compute one closing (the last without a number) again, and compare.

    code    whose models compute: the closing's own, or those of the program today (`current`)
    expect  SHA-256 of the manifest as somebody noted it
    keys    only what one of them has signed vouches for it; none: every entry of the trail does
    shown   rows that differ and are told of in full, of each table
    projects  models read before, for many closings one after the other

    DrgError where there is no such closing. Whatever is wrong with one that is there is told in the answer.
    """
    began = time.monotonic()
    closed, trail = ClosedPeriods(settings.region_closings), Trail.of(settings)
    found = closing_of(closed, period, number)
    with at_rest(closed.folder):
        record = Record(closed, trail, keys)
    done = Replayed(found, digest_at(found.folder))
    try:
        try:
            manifest = read_manifest(found.folder)
        except DrgError:
            done = replace(done, changed=list(vouched(found, record, expect)))
            raise
        done = replace(done, manifest=manifest, changed=verify(found, manifest, record, expect))
        own = _Replay(
            settings, manifest, found.folder, done.changed, code, shown, projects or Projects(), progress
        )
        done = own.run(done)
    except (DrgError, duckdb.Error, OSError) as error:
        done = replace(done, stopped=_why(error))
    except Exception as error:
        # A closing is somebody else's: what it provokes ends its own replay, and not that of the others.
        done = replace(done, stopped=f"unexpected {type(error).__name__}: {error}")
    done = replace(done, seconds=time.monotonic() - began)
    trail.append(
        "replayed",
        region=settings.region,
        period=str(period),
        subject={"number": found.number, "manifest": done.digest, "identical": done.identical, "code": code},
    )
    return done


def closing_of(closed: ClosedPeriods, period: Period, number: int | None = None) -> Closed:
    """A closing by its number, or the last one; DrgError where it is not there."""
    numbers = closed.numbers(period)
    if not numbers or (number is not None and number not in numbers):
        there = ", ".join(map(str, numbers)) or "none"
        record = Record(closed, Trail(closed.folder))
        gone = [place for place in record.told if place[0] == period and place[1] not in numbers]
        raise DrgError(
            f"There is no closing {number or ''} of {period} in {closed.folder}.".replace("  ", " "),
            [
                f"closings of {period}: {there}",
                f"closed periods: {', '.join(map(str, closed.periods())) or 'none'}",
                *(fault for place in gone for fault in record.of(*place)),
            ],
            remedy="Name another with --month, --year or --number, or the folder with --closings.",
        )
    return _closing(closed, period, number or numbers[-1])


def _closing(closed: ClosedPeriods, period: Period, number: int) -> Closed:
    """A closing, also one of which nothing can be read."""
    try:
        return closed.closing(period, number)
    except DrgError:
        return Closed(period, number, closed.place(period, number), "?", "")


def _why(error: Exception) -> str:
    return error.message() if isinstance(error, DrgError) else first_line(error)


@dataclass
class _Replay:
    """One closing on its way: computed in a lake of its own, then compared."""

    settings: Settings
    manifest: Manifest
    folder: Path
    bytes_changed: Sequence[Change]
    code: str
    shown: int
    projects: Projects
    progress: Callable[[str], None]
    plan: Mapping[str, Sequence[Period]] = field(init=False)

    def __post_init__(self) -> None:
        self.plan = self.manifest.plan

    def run(self, done: Replayed) -> Replayed:
        check_no_links(self.folder)
        sealed = self.projects.sealed(self.folder, self.manifest)
        check_fits(sealed, self.manifest)
        today = self._today()
        stopped, steps = "", 0
        with self._lake(today or sealed if self.code == CURRENT else sealed) as engine:
            try:
                if self.code == CURRENT:
                    # Today's models may have steps that the closing's had not.
                    self.plan = scope_of(engine, self.manifest.period).computed()
                made = recompute(engine, self.plan, progress=lambda table, _: self.progress(table))
                steps = sum(map(len, made.values()))
            except (DrgError, duckdb.Error, OSError) as error:
                stopped = _why(error)
            tables = self._compare(engine)
        then, now = self.manifest.versions, versions()
        return replace(
            done,
            tables=tables,
            code=_other_code(self.manifest, today) if today else list(self.manifest.plan),
            versions={
                name: (then.get(name, ""), now.get(name, ""))
                for name in sorted({*then, *now})
                if then.get(name) != now.get(name)
            },
            stopped=stopped,
            steps=steps,
        )

    @contextlib.contextmanager
    def _lake(self, project: Project) -> Iterator[Engine]:
        """A lake of copies, the only place that the closing's models reach: they could write into a link."""
        held = {
            entry.place: self.folder / entry.file
            for entry in self.manifest.tables
            if entry.file and entry.role != OUTPUT
        }
        with work_folder() as copies:
            landed: dict[str, Path] = {}
            for label, place in self.manifest.landed().items():
                landed[label] = copies / place
                copy_tree(self.folder / place, copies / place)
            with scratch(self.settings, project, held={}, landed=landed, within=copies) as engine:
                for place, file in held.items():
                    # What is gone is told of by whoever reads it.
                    if file.is_file():
                        copy_file(file, engine.store.root / place)
                yield engine

    def _today(self) -> Project | None:
        """The models of the program; None where they do not fit the closing and are not asked for."""
        try:
            return self.projects.today(self.settings.models, self.folder, self.manifest)
        except DrgError:
            if self.code == CURRENT:
                raise
            return None

    def _compare(self, engine: Engine) -> list[TableReplay]:
        project = engine.project
        with closing(connect(within=(engine.settings.lake, self.folder))) as con:
            after = self._computed(con, engine)
            if self.manifest.digests != KIND:
                self.manifest = replace(self.manifest, tables=self._digested(con, project, after))
            before: dict[Node, TableEntry] = {(e.table, e.partition): e for e in self.manifest.tables}
            causes = Causes(
                project, before, after, self._changed(con, project), _other_code(self.manifest, project)
            )
            return [self._table(con, engine, entry, after, causes) for entry in self.manifest.outputs]

    def _digested(
        self, con: duckdb.DuckDBPyConnection, project: Project, after: Mapping[Node, Footer]
    ) -> list[TableEntry]:
        """The sealed partitions with digests of today's kind: of the files that are held.

        Their bytes vouch for them. What was not kept has come out again as it was, for all that is known.
        """
        entries = []
        for entry in self.manifest.tables:
            made = after.get((entry.table, entry.partition))
            if entry.file:
                with contextlib.suppress(duckdb.Error, OSError):
                    digest = digest_of_file(con, project, entry.table, self.folder / entry.file)
                    entry = replace(entry, digest=digest)
            elif made:
                entry = replace(entry, digest=made.digest)
            entries.append(replace(entry, inputs=made.inputs) if made else entry)
        return entries

    def _computed(self, con: duckdb.DuckDBPyConnection, engine: Engine) -> dict[Node, Footer]:
        """The footers of what was computed again."""
        paths = {
            engine.store.file(table, part): (table, part)
            for table, partitions in self.plan.items()
            if table in engine.project.models
            for part in partitions
        }
        found = footers(con, [path for path in paths if path.is_file()])
        return {paths[path]: footer for path, footer in found.items()}

    def _changed(self, con: duckdb.DuckDBPyConnection, project: Project) -> dict[str, set[str]]:
        """Role -> the held tables that are not what was sealed: in bytes, or in rows."""
        changed: dict[str, set[str]] = {}
        for change in self.bytes_changed:
            if change.table:
                changed.setdefault(change.role, set()).add(change.table)
        for entry in self.manifest.tables:
            held = entry.file and entry.role != OUTPUT and entry.table not in changed.get(entry.role, ())
            # A digest of another kind was taken from the file itself: there is nothing to hold it against.
            held = held and self.manifest.digests == KIND
            if held and not _is_as_sealed(con, project, entry, self.folder / entry.file):
                changed.setdefault(entry.role, set()).add(entry.table)
        return changed

    def _table(
        self,
        con: duckdb.DuckDBPyConnection,
        engine: Engine,
        entry: TableEntry,
        after: Mapping[Node, Footer],
        causes: Causes,
    ) -> TableReplay:
        made = after.get((entry.table, entry.partition))
        sealed = self.folder / entry.file
        if made is None:
            return TableReplay(
                entry.table, entry.partition, NOT_COMPUTED, entry.rows, causes=causes.of(entry.table)
            )
        path = engine.store.file(entry.table, entry.partition)
        model = engine.project.models[entry.table]
        try:
            same = made.digest == entry.digest == digest_of_file(con, engine.project, entry.table, sealed)
            difference = compare_files(con, sealed, path, model.grain, self.manifest.personal, self.shown)
        except (duckdb.Error, OSError) as error:
            return TableReplay(
                entry.table, entry.partition, DIFFERS, entry.rows, None, [Cause(OUTPUT, (first_line(error),))]
            )
        if same:
            return TableReplay(entry.table, entry.partition, SAME, made.rows)
        return TableReplay(
            entry.table, entry.partition, DIFFERS, made.rows, difference, causes.of(entry.table)
        )


def _is_as_sealed(con: duckdb.DuckDBPyConnection, project: Project, entry: TableEntry, path: Path) -> bool:
    """Whether a held file has the rows of the digest that the manifest and the file itself name."""
    try:
        told = footers(con, [path]).get(path)
        return (
            told is not None
            and digest_of_file(con, project, entry.table, path) == told.digest == entry.digest
        )
    except (duckdb.Error, OSError, KeyError):
        return False


def _other_code(manifest: Manifest, project: Project) -> list[str]:
    """The tables of the plan whose model is another in a project than the one that was sealed."""
    sealed = {entry.table: entry.code for entry in manifest.tables if entry.role not in (TAKEN, DATA)}
    return [
        table
        for table in manifest.plan
        if table in sealed and (table not in project.models or project.code_version(table) != sealed[table])
    ]


def closings_to_replay(
    settings: Settings, periods: Sequence[Period] = (), number: int | None = None
) -> list[tuple[Period, int]]:
    """Period and number of the closings that are asked for: of these periods the last or this one, else all.

    DrgError with everything that is not there.
    """
    closed = ClosedPeriods(settings.region_closings)
    if periods:
        return [(period, closing_of(closed, period, number).number) for period in periods]
    found = [(period, each) for period in closed.periods() for each in closed.numbers(period)]
    if not found:
        record = Record(closed, Trail(closed.folder))
        raise DrgError(
            f"There is no closing of {settings.region} in {closed.folder}.",
            [fault for place in record.places() for fault in record.of(*place)],
            remedy="Close a month with drg close, or name the folder with --closings.",
        )
    return found
