"""Computes a model's partitions: shows what the model may read, judges the candidate, publishes it.

Which files are read is said by `reads.py`; a SELECT is run by a computer (`duck_engine.py`). No table and no
rule is known by name here. What is published has passed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import duckdb

from drg_pipeline.duck import first_line
from drg_pipeline.errors import DrgError
from drg_pipeline.files import publish
from drg_pipeline.lake.computer import CANDIDATE, Computer, TooLarge, stopped
from drg_pipeline.lake.digest import KIND, logical_digest
from drg_pipeline.lake.duck_engine import DuckEngine
from drg_pipeline.lake.failing import keep_failing
from drg_pipeline.lake.outcome import Outcome
from drg_pipeline.lake.parquet import rows_of, write_partition
from drg_pipeline.lake.reads import Inputs, Landed
from drg_pipeline.lake.store import Store, footers
from drg_pipeline.periods import Period
from drg_pipeline.settings import Settings
from drg_pipeline.sql.contract import Contract
from drg_pipeline.sql.model import Model
from drg_pipeline.sql.project import Project

Guard = Callable[[str, Collection[Period]], None]
"""refuses, by a DrgError, that partitions of a table be computed again"""


class Engine:
    """Runs models over one region's lake.

    within  the only folders that its connections reach; none: any
    """

    def __init__(
        self,
        settings: Settings,
        project: Project,
        store: Store,
        landed: Landed,
        guard: Guard = lambda table, partitions: None,
        within: Sequence[Path] = (),
    ) -> None:
        self.settings = settings
        self.project = project
        self.store = store
        self.guard = guard
        self.inputs = Inputs(project, store, landed)
        self.duck = DuckEngine(settings, project, store, within)
        self.computer: Computer = self.duck

    def connect(self) -> duckdb.DuckDBPyConnection:
        """A connection as models are given it, whichever engine computes them: here they are judged."""
        return self.duck.connect()

    def compute(self, name: str, partitions: Sequence[Period]) -> list[Outcome]:
        """Compute, check and publish a model's partitions; each is judged alone.

        They are computed in one go, or where that does not fit into memory in several.

        Raises DrgError when the SELECT itself cannot run, and of a sealed table where a partition is closed.
        A partition whose checks fail is not published; its outcome says so.
        """
        model = self.project.models[name]
        with self.store.alone(*(str(period) or name for period in partitions)):
            # Asked under the lock that a closing holds while it is made.
            if model.sealed:
                self.guard(name, partitions)
            outcomes: list[Outcome] = []
            at_once = len(partitions)
            while len(outcomes) < len(partitions):
                now = partitions[len(outcomes) : len(outcomes) + at_once]
                try:
                    outcomes += self._computed(model, now)
                except (TooLarge, duckdb.OutOfMemoryException) as error:
                    if len(now) < 2:
                        remedy = "Give it more memory by DRG_MEMORY_LIMIT, or on a larger machine."
                        raise stopped(model, now, first_line(error), remedy) from error
                    # Lists and other states of an aggregate are not spilled: fewer partitions have fewer.
                    at_once = (len(now) + 1) // 2
            return outcomes

    def _computed(self, model: Model, partitions: Sequence[Period]) -> list[Outcome]:
        with closing(self.connect()) as con:
            shown = self.inputs.show(con, model, partitions)
            self.computer.candidate(con, model, partitions, shown.files)
            return self._publish(con, model, partitions, shown.digests)

    def _publish(
        self,
        con: duckdb.DuckDBPyConnection,
        model: Model,
        partitions: Sequence[Period],
        inputs: Mapping[Period, Mapping[str, str]],
    ) -> list[Outcome]:
        contract = Contract(self.project, model)
        types = contract.check_types(con, CANDIDATE)
        code = self.project.code_version(model.name)
        temporaries: dict[Period, Path] = {}

        def write(period: Period) -> Outcome:
            own_rows = rows_of(CANDIDATE, period)
            with con.cursor() as own:
                outcome, temporaries[period] = write_partition(
                    own,
                    self.store,
                    relation=own_rows,
                    table=model.name,
                    period=period,
                    columns=types,
                    code=code,
                    inputs=inputs[period],
                    counted=logical_digest(own, own_rows, types, in_order=True),
                )
            return outcome

        try:
            # Most partitions are too small to be written by two threads.
            with ThreadPoolExecutor(self.settings.threads or os.cpu_count()) as pool:
                outcomes = list(pool.map(write, partitions))
            con.execute(f"drop table {CANDIDATE}")
            self.inputs.view(con, model.name, [temporaries[period] for period in partitions])
            for invariant in self.project.invariants_of(model.name):
                self.inputs.show(con, invariant, partitions, skip={model.name, *model.upstream})
            checks = contract.checks(con, partitions)
            keep_failing(con, self.store, model.name, checks)
            for outcome in outcomes:
                outcome.checks = checks[outcome.partition]
            passed = [outcome for outcome in outcomes if not outcome.failures]
            publish({temporaries[outcome.partition]: outcome.path for outcome in passed})
            for outcome in passed:
                outcome.published = True
        finally:
            # Those that were not published, or could not be.
            for temporary in temporaries.values():
                temporary.unlink(missing_ok=True)
        return outcomes

    def stale(self, name: str, partitions: Sequence[Period]) -> list[Period]:
        """Those of the partitions that are missing, or that today's model or today's inputs would change."""
        model = self.project.models[name]
        code = self.project.code_version(name)
        files = {period: self.store.file(name, period) for period in partitions}
        with closing(self.connect()) as con:
            there = footers(con, [path for path in files.values() if path.is_file()])
            current = [
                period
                for period, path in files.items()
                if path in there and (there[path].code, there[path].kind) == (code, KIND)
            ]
            inputs: Mapping[Period, Mapping[str, str]] = {}
            if current:
                try:
                    inputs = self.inputs.show(con, model, current).digests
                except DrgError:
                    # Something it reads is not there: the step that is run will say what.
                    return list(partitions)
        return [
            period
            for period, path in files.items()
            if period not in inputs or there[path].inputs != inputs[period]
        ]
