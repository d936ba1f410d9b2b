"""Asks both lakes the same queries and joins the answers: before, after, difference, share.

One connection sees both, as `base.<layer>.<table>` and `simulated.<layer>.<table>`; answers are kept as
`compared.<id>`. Everything is computed in SQL on exact decimals.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb

from drg_pipeline.duck import first_line, quoted, records
from drg_pipeline.errors import DrgError
from drg_pipeline.lake.engine import Engine
from drg_pipeline.lake.store import Store
from drg_pipeline.periods import Period
from drg_pipeline.reports.charts import Chart
from drg_pipeline.reports.sheets import Proven, prove
from drg_pipeline.simulation.comparison import COMPARED, SIDES, Comparison, Section, read_tables

PARTS = (*SIDES, "difference", "change")
_HOME = "memory"
# The macro that makes whole numbers of a decimal with so many places.
_WHOLE = {2: "cents", 4: "tenthousandths", 6: "millionths"}


@dataclass(frozen=True)
class Compared:
    """The rows of one comparison: key, names, then each figure's base, simulated, difference and change."""

    asked: Comparison
    columns: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]

    def column(self, name: str) -> int:
        return self.columns.index(name)

    def totals(self) -> Mapping[str, Any]:
        """Sums of the columns that add up; a change has none."""
        sums: dict[str, Any] = {}
        for figure in self.asked.total:
            for part in PARTS[:3]:
                place = self.column(f"{figure}_{part}")
                sums[f"{figure}_{part}"] = sum(row[place] for row in self.rows if row[place] is not None)
        return sums

    @property
    def unchanged(self) -> bool:
        places = [self.column(f"{figure}_difference") for figure in self.asked.figures]
        return not any(row[place] for row in self.rows for place in places)


@dataclass(frozen=True)
class Drawn:
    """A chart's rows."""

    chart: Chart
    rows: Sequence[dict[str, Any]]


@dataclass(frozen=True)
class Answers:
    """All that was set side by side."""

    tables: Sequence[Compared]
    proofs: Sequence[Proven]
    charts: Sequence[Drawn]

    @property
    def unchanged(self) -> bool:
        return all(table.unchanged for table in self.tables)


def compare(
    engine: Engine,
    lakes: Mapping[str, Store],
    sections: Sequence[Section],
    partitions: Mapping[str, Sequence[Period]],
) -> Answers:
    """Answer the sections' queries of both lakes.

    lakes       base and simulated
    partitions  of each table that is read, what is looked at; of others everything there is
    """
    with _both(engine, lakes, read_tables(sections), partitions) as con:
        tables = [_compared(con, asked) for section in sections for asked in section.tables]
        proofs = [
            prove(con, asked.query, asked.text, asked.unit)
            for section in sections
            for asked in section.proofs
        ]
        charts = [Drawn(chart, records(con, chart.query)) for section in sections for chart in section.charts]
    return Answers(tables, proofs, charts)


@contextmanager
def _both(
    engine: Engine,
    lakes: Mapping[str, Store],
    tables: Sequence[str],
    partitions: Mapping[str, Sequence[Period]],
) -> Iterator[duckdb.DuckDBPyConnection]:
    con = engine.connect()
    try:
        for side in SIDES:
            con.execute(f"attach ':memory:' as {side}")
            con.execute(f"use {side}")
            con.execute(engine.project.macros)
            for table in tables:
                there = lakes[side].partitions(table, engine.project.partition_of(table))
                wanted = partitions.get(table)
                files = [path for period, path in there.items() if wanted is None or period in wanted]
                engine.inputs.view(con, table, files)
        con.execute(f"use {_HOME}")
        con.execute(f"create schema {COMPARED}")
        yield con
    finally:
        con.close()


def _compared(con: duckdb.DuckDBPyConnection, asked: Comparison) -> Compared:
    for side in SIDES:
        con.execute(f"use {side}")
        _run(con, asked.id, f"create or replace temp table {side}_rows as {asked.query}")
    con.execute(f"use {_HOME}")
    types = {name: str(kind) for name, kind, *_ in con.execute("describe base_rows").fetchall()}
    names = [name for name in asked.names if name not in asked.key]
    cells = [f"coalesce(s.{quoted(n)}, b.{quoted(n)}) as {quoted(n)}" for n in [*asked.key, *names]]
    for figure in asked.figures:
        cells += [f"{value} as {quoted(f'{figure}_{part}')}" for part, value in _parts(figure, types[figure])]
    on = " and ".join(f"s.{quoted(k)} is not distinct from b.{quoted(k)}" for k in asked.key)
    _run(
        con,
        asked.id,
        f"create table {COMPARED}.{quoted(asked.id)} as "
        f"with answer as (select {', '.join(cells)} from (select *, true as is_there from base_rows) as b "
        f"full outer join (select *, true as is_there from simulated_rows) as s on {on}) "
        f"select * exclude ({', '.join(quoted(f'{f}_whole') for f in asked.figures)}), "
        + ", ".join(
            f"case when {quoted(f'{f}_base')} <> 0 then quotient_4({quoted(f'{f}_whole')}, "
            f"abs({_whole(quoted(f'{f}_base'), types[f])})) end as {quoted(f'{f}_change')}"
            for f in asked.figures
        )
        + " from answer",
    )
    shown = [*asked.key, *names, *(f"{figure}_{part}" for figure in asked.figures for part in PARTS)]
    order = [f"{quoted(asked.rank + '_difference')} desc nulls last"] if asked.rank else []
    listed, ordered = ", ".join(map(quoted, shown)), ", ".join([*order, *map(quoted, asked.key)])
    rows = con.execute(f"select {listed} from {COMPARED}.{quoted(asked.id)} order by {ordered}").fetchall()
    return Compared(asked, tuple(shown), rows)


def _parts(figure: str, kind: str) -> Iterator[tuple[str, str]]:
    """What is told of a figure; a row that only one lake has is nothing in the other."""
    name = quoted(figure)
    yield "base", f"b.{name}"
    yield "simulated", f"s.{name}"
    # Without a figure in a row that is there, nothing can be said of a difference.
    difference = (
        f"case when b.is_there and s.is_there then s.{name} - b.{name} "
        f"else coalesce(s.{name}, 0) - coalesce(b.{name}, 0) end"
    )
    yield "difference", difference
    yield "whole", _whole(difference, kind)


def _whole(value: str, kind: str) -> str:
    """A figure as a whole number of its last decimal place."""
    scale = int(kind.split(",")[1].rstrip(")")) if kind.startswith("DECIMAL") else 0
    return f"{_WHOLE[scale]}({value})" if scale else f"cast({value} as hugeint)"


def _run(con: duckdb.DuckDBPyConnection, name: str, statement: str) -> None:
    try:
        con.execute(statement)
    except duckdb.Error as error:
        raise DrgError(f"The comparison {name} cannot be made.", [first_line(error)]) from error
