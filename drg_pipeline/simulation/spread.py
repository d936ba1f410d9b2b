"""What a change reaches, computed: from changed partitions on, as far as answers come out otherwise.

Where the rows are that a change was done to, and what is compared afterwards, does not belong here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing

import duckdb

from drg_pipeline.lake.engine import Engine
from drg_pipeline.lake.needs import Needs, recompute
from drg_pipeline.lake.outcome import Outcome
from drg_pipeline.lake.store import footers
from drg_pipeline.periods import Period
from drg_pipeline.sql.model import Invariant, Model

Changed = dict[str, set[Period]]
"""table -> its partitions that are not as they are in the region's lake"""


class Spread:
    """Computes what rests on changed partitions, and goes on only where the answer is another one."""

    def __init__(
        self,
        engine: Engine,
        plan: Needs,
        changed: Mapping[str, Collection[Period]],
        progress: Callable[[str], None] = lambda table: None,
    ) -> None:
        self.engine = engine
        self.plan = plan
        self.progress = progress
        self.changed: Changed = {table: set(partitions) for table, partitions in changed.items()}
        self.computed: dict[str, list[Outcome]] = {}
        self.caveats: list[str] = []

    def run(self) -> None:
        """Compute the models of the plan in order; DrgError where a check refuses what comes out."""
        with closing(self.engine.connect()) as con:
            for name, model in self.engine.project.models.items():
                reached = self._reached(con, model) if name in self.plan else []
                if reached:
                    self.progress(name)
                    self._compute(con, model, reached)

    def _compute(self, con: duckdb.DuckDBPyConnection, model: Model, reached: Sequence[Period]) -> None:
        name = model.name
        files = {period: self.engine.store.file(name, period) for period in reached}
        before = footers(con, [path for path in files.values() if path.is_file()])
        self.computed[name] = recompute(self.engine, {name: reached})[name]
        after = footers(con, list(files.values()))
        for partition, path in files.items():
            was, now = before.get(path), after[path]
            if was is None or was.digest != now.digest:
                self.changed.setdefault(name, set()).add(partition)
            if was is not None:
                self._compare(name, partition, was.code == now.code, was.inputs, now.inputs)

    def _reached(self, con: duckdb.DuckDBPyConnection, model: Model) -> list[Period]:
        """The partitions of a model in the plan that are missing, or that read a changed one."""
        readers, store = self.engine.project.step(model.name), self.engine.store
        return [
            partition
            for partition in self.plan[model.name]
            if not store.file(model.name, partition).is_file()
            or any(self._reads_changed(con, reader, model, partition) for reader in readers)
        ]

    def _reads_changed(
        self,
        con: duckdb.DuckDBPyConnection,
        reader: Model | Invariant,
        model: Model,
        partition: Period,
    ) -> bool:
        hit = [table for table in reader.upstream if table != model.name and self.changed.get(table)]
        if not hit:
            return False
        read = self.engine.inputs.partitions(con, reader, [partition])
        return any(self.changed[table].intersection(read[table]) for table in hit)

    def _compare(
        self,
        name: str,
        partition: Period,
        same_code: bool,
        was: Mapping[str, str],
        now: Mapping[str, str],
    ) -> None:
        """Note what was computed from another state than the lake holds: it would differ without a change."""
        where = f"{name} {partition}".rstrip()
        if not same_code:
            self.caveats.append(f"{where}: computed by another version of its SQL")
        old = [t for t, digest in now.items() if t not in self.changed and was.get(t) != digest]
        if old:
            self.caveats.append(f"{where}: computed from another state of {', '.join(sorted(old))}")
