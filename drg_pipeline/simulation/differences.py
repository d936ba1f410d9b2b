"""What is tried, read off the tables themselves: every cell of law, reference and scheme that is another one.

Whatever led to it (a typed change, another folder, another scheme), it is listed with the clause that it
departs from.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date

import duckdb

from drg_pipeline.duck import quoted
from drg_pipeline.lake.compare import ADDED, CHANGED, REMOVED, Pair
from drg_pipeline.lake.engine import Engine
from drg_pipeline.lake.store import Store
from drg_pipeline.periods import Period
from drg_pipeline.policy import Pack
from drg_pipeline.policy.parameter import OPEN, DatedValue, Parameter
from drg_pipeline.policy.tables import PolicyTable
from drg_pipeline.sql.project import Source


@dataclass(frozen=True)
class Difference:
    """One cell, or one whole row, of a table from the side that is another in the simulation.

    row       what tells the row apart, `column=text` each; '' for a table with one row a period
    column    the cell; '' where a row was added or removed
    periods   the months or years that have it, in order; none for a table without
    law       clauses that the old value rests on, the law's first; none outside the law
    """

    table: str
    what: str
    row: str
    column: str
    old: str | None
    new: str | None
    periods: tuple[Period, ...]
    law: tuple[str, ...]


def differences(
    engine: Engine,
    base: Store,
    simulated: Store,
    changed: Mapping[str, Collection[Period]],
    pack: Pack,
    hidden: Collection[str],
) -> list[Difference]:
    """All differences of the changed tables that no model computes.

    pack     the law in which the clause of a value is looked up
    hidden   columns that are never shown
    """
    found: list[Difference] = []
    with closing(engine.connect()) as con:
        for table, source in engine.project.sources.items():
            if periods := sorted(changed.get(table, ())):
                sides = (
                    [path for period in periods if (path := side.file(table, period)).is_file()]
                    for side in (base, simulated)
                )
                before, after = (engine.inputs.rows(table, files) for files in sides)
                found += _of_table(con, before, after, source, pack, hidden)
    return found


def _of_table(
    con: duckdb.DuckDBPyConnection,
    before: str,
    after: str,
    source: Source,
    pack: Pack,
    hidden: Collection[str],
) -> list[Difference]:
    kind = source.partition
    lead = [name for name in (kind, "phase") if name in source.columns and kind != "none"]
    pair = Pair.of(con, before, after, [*lead, *(name for name in source.grain if name not in lead)])
    period = f"cast({quoted(kind)} as varchar)" if kind != "none" else "cast(null as varchar)"
    # A row that only one side has is told as a whole.
    row = ", ".join(["key", "change", *map(quoted, lead)])
    found = con.execute(
        f"with cells as ({pair.changes(hidden, lead)}), told as ("
        f'select key, change, place, "column", before, after, {period} as period from cells '
        f"where change = '{CHANGED}' union all "
        f"select key, change, -1, '', {_whole('before', REMOVED)}, {_whole('after', ADDED)}, "
        f"any_value({period}) from cells where change <> '{CHANGED}' group by {row}) "
        'select change, key, "column", before, after, '
        "list(distinct period order by period) filter (where period is not null) from told "
        'group by key, change, place, "column", before, after order by key, place, before, after'
    ).fetchall()
    differences = []
    for what, told, cell, old, new, named in found:
        periods = tuple(Period.of(name, kind) for name in named or ())
        law = _law(pack, source.name, cell, periods)
        differences.append(Difference(source.name, what, told, cell, old, new, periods, law))
    return differences


def _whole(side: str, change: str) -> str:
    """SQL for `column=text, …` of the cells that are not empty, of a row that only one side has."""
    cells = f"string_agg(\"column\" || '=' || {side}, ', ' order by place)"
    return f"case when change = '{change}' then coalesce({cells}, '') end"


# -- the clause a value rests on ---------------------------------------------------------------


def _law(pack: Pack, table: str, column: str, periods: Sequence[Period]) -> tuple[str, ...]:
    """The clauses of the values that are departed from, the law's before choices of our own."""
    own = pack.tables.get(table)
    if own is None:
        return ()
    parameter = _parameter(own, column)
    laws = [
        law
        for period in periods
        if (value := parameter.at(period.first, date.max)) is not None
        for law in _clauses(parameter, value)
    ]
    return tuple(sorted(dict.fromkeys(laws), key=lambda law: law == OPEN))


def _parameter(table: PolicyTable, column: str) -> Parameter:
    return next((p for p in table.parameters if p.name == column), table.parameters[0])


def _clauses(parameter: Parameter, value: DatedValue) -> list[str]:
    """The value's clause; of one that an overlay carries back, that of the document it is carried from."""
    carried = [
        other.law
        for other in parameter.values
        if value.law == OPEN and other.law != OPEN and other.content == value.content
    ]
    return carried[:1] or [value.law]
