"""What is tried, read off the tables themselves: every cell of law, reference and scheme that is another one.

Whatever led to it (a typed change, another folder, another scheme), it is listed with the clause that it
departs from.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from drg_pipeline.duck import quoted
from drg_pipeline.lake.engine import Engine
from drg_pipeline.lake.parquet import parquet
from drg_pipeline.lake.store import Store
from drg_pipeline.periods import Period
from drg_pipeline.policy import Pack
from drg_pipeline.policy.parameter import OPEN, DatedValue, Parameter
from drg_pipeline.policy.tables import PolicyTable
from drg_pipeline.sql.project import Source

ADDED, REMOVED, CELL = "added", "removed", "changed"
_SIDES = (("old_side", "o"), ("new_side", "n"))


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
            if not changed.get(table):
                continue
            periods = sorted(changed[table])
            files = [(base.file(table, period), simulated.file(table, period)) for period in periods]
            for place, (side, _) in enumerate(_SIDES):
                _table(con, side, source, [pair[place] for pair in files if pair[place].is_file()])
            found += _of_table(con, table, source, pack, hidden)
    return found


def _table(con: duckdb.DuckDBPyConnection, name: str, source: Source, files: Sequence[Path]) -> None:
    """All cells as text, row by row."""
    cells = ", ".join(f"cast({quoted(c)} as varchar) as {quoted(c)}" for c in source.columns)
    empty = ", ".join(f"cast(null as varchar) as {quoted(c)}" for c in source.columns)
    rows = f"select {cells} from {parquet(files)}" if files else f"select {empty} where false"
    con.execute(f"create or replace temp table {name} as {rows}")


def _of_table(
    con: duckdb.DuckDBPyConnection,
    table: str,
    source: Source,
    pack: Pack,
    hidden: Collection[str],
) -> list[Difference]:
    kind = source.partition
    lead = [name for name in (kind, "phase") if name in source.columns and kind != "none"]
    keys = [name for name in source.grain if name in source.columns and name not in lead]
    cells = [name for name in source.columns if name not in (*lead, *keys) and name not in hidden]
    shown = [key for key in keys if key not in hidden]
    joined = " and ".join(f"o.{quoted(k)} is not distinct from n.{quoted(k)}" for k in [*lead, *keys])
    row = _told({key: f"coalesce(o.{quoted(key)}, n.{quoted(key)})" for key in shown})
    period = f"coalesce(o.{quoted(kind)}, n.{quoted(kind)})" if kind != "none" else "cast(null as varchar)"
    both = "o.is_there is not null and n.is_there is not null"
    parts = [
        f"select {place} as place, '{CELL}' as what, {row} as row, '{cell}' as cell, "
        f"o.{quoted(cell)} as old, n.{quoted(cell)} as new, {period} as period from joined "
        f"where {both} and o.{quoted(cell)} is distinct from n.{quoted(cell)}"
        for place, cell in enumerate(cells, 1)
    ]
    # A row that only one side has is told as a whole.
    for what, here, there in ((REMOVED, "o", "n"), (ADDED, "n", "o")):
        whole = _told({cell: f"{here}.{quoted(cell)}" for cell in cells})
        old, new = (whole, "null") if what == REMOVED else ("null", whole)
        parts.append(
            f"select 0 as place, '{what}' as what, {row} as row, '' as cell, {old} as old, {new} as new, "
            f"{period} as period from joined where {there}.is_there is null"
        )
    sides = [f"(select *, 1 as is_there from {side}) as {name}" for side, name in _SIDES]
    found = con.execute(
        f"with joined as (select o, n from {sides[0]} full outer join {sides[1]} on {joined}), "
        f"told as ({' union all '.join(parts)}) "
        "select what, row, cell, old, new, "
        "list(distinct period order by period) filter (where period is not null) from told "
        "group by place, what, row, cell, old, new order by row, place, old, new"
    ).fetchall()
    differences = []
    for what, told, cell, old, new, named in found:
        periods = tuple(Period.of(name, kind) for name in named or ())
        law = _law(pack, table, cell, periods)
        differences.append(Difference(table, what, told, cell, old, new, periods, law))
    return differences


def _told(cells: Mapping[str, str]) -> str:
    """SQL for `column=text, …` of cells that are not empty."""
    told = [f"'{name}=' || {cell}" for name, cell in cells.items()]
    return f"concat_ws(', ', {', '.join(told)})" if told else "''"


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
