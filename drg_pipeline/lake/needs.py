"""What a table rests on, partition by partition, and computing all of it without a scheduler.

For lakes that are made to be thrown away: a closing computed again, a month tried under another law. What
the region's own lake holds is computed through its assets; nothing here is called for it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing

from drg_pipeline.lake.engine import Engine
from drg_pipeline.lake.outcome import Outcome, refused
from drg_pipeline.periods import Period

Needs = dict[str, list[Period]]
"""table -> its partitions in order; of a table of deliveries the whole; tables in an order of computation"""
Ends = Callable[[str, Period], bool]
"""whether a partition of a table is taken as it is"""


def nowhere(table: str, period: Period) -> bool:
    return False


def needed(
    engine: Engine,
    targets: Mapping[str, Collection[Period]],
    *,
    ends: Collection[str] = (),
    ends_at: Ends = nowhere,
) -> Needs:
    """The given partitions of tables and all that they and the invariants that guard them rest on.

    targets  table -> partitions
    ends     tables that are taken as they are: what they rest on is not followed
    ends_at  the same of single partitions

    Tables that no model computes come first. The law that names the years of other tables must be published.
    """
    project = engine.project
    wanted: dict[str, set[Period]] = {table: set(partitions) for table, partitions in targets.items()}
    with closing(engine.connect()) as con:
        for name in reversed(project.models):
            if name not in wanted or name in ends:
                continue
            followed = [period for period in sorted(wanted[name]) if not ends_at(name, period)]
            if not followed:
                continue
            for reader in project.step(name):
                found = engine.inputs.partitions(con, reader, followed)
                for table, partitions in found.items():
                    if table != name:
                        wanted.setdefault(table, set()).update(partitions)
    order = [*(table for table in wanted if table not in project.models), *project.models]
    return {table: sorted(wanted[table]) for table in order if table in wanted}


def deliveries_behind(engine: Engine, plan: Mapping[str, Sequence[Period]]) -> set[str]:
    """The deliveries that the partitions of a plan read, by name."""
    with closing(engine.connect()) as con:
        return {
            label
            for name in plan.keys() & engine.project.models.keys()
            for reader in engine.project.step(name)
            for label in engine.inputs.deliveries(con, reader, plan[name])
        }


def recompute(
    engine: Engine,
    plan: Mapping[str, Sequence[Period]],
    *,
    stale_only: bool = False,
    progress: Callable[[str, Sequence[Outcome]], None] = lambda table, outcomes: None,
) -> dict[str, list[Outcome]]:
    """Compute the models of a plan in order, checks and all; returns what came of those that were computed.

    stale_only  leave alone what is there and would come out the same

    Raises the DrgError of the first table whose checks refuse a partition.
    """
    done: dict[str, list[Outcome]] = {}
    for name in engine.project.models:
        if name not in plan:
            continue
        partitions = engine.stale(name, plan[name]) if stale_only else list(plan[name])
        if not partitions:
            continue
        outcomes = engine.compute(name, partitions)
        progress(name, outcomes)
        if stopped := refused(outcomes):
            raise stopped
        done[name] = outcomes
    return done
