"""Runs models on small given tables in an in-memory DuckDB and hands back rows with exact decimals.

Column types come from the project, the law from a region's pack, working days from the real calendar; what a
test gives replaces them. No expectation and no rule lives here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from copy import copy
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from drg_pipeline.calendar import working_days
from drg_pipeline.lake.digest import logical_digest
from drg_pipeline.periods import MONTH, NONE, WHOLE, YEAR, Period, between
from drg_pipeline.region import CALENDAR_TABLE, Region
from drg_pipeline.settings import Settings
from drg_pipeline.sql.contract import Contract
from drg_pipeline.sql.methods import Methods
from drg_pipeline.sql.project import Project

# Values as text, or as what Python has for them.
Row = Mapping[str, Any]
Given = Mapping[str, Sequence[Row]]

# Packs that are there for tests alone.
REGIONS = Path(__file__).parents[1] / "regions"
FIRST_YEAR, LAST_YEAR = 2024, 2026
FAR = date(2099, 12, 31)


class Bench:
    """The project's models as a region has them, and the tables from the side that every run may read."""

    def __init__(self, folder: Path, region: str = "jiyuan") -> None:
        own = REGIONS / region
        policy = own if own.is_dir() else None
        self.region = Region(Settings.for_region(region, lake=folder / "lake", policy=policy))
        self.project = self.region.project
        self.folder = folder
        self.side: dict[str, Path] = {}
        self._publish_side()

    def _publish_side(self) -> None:
        years = between(Period.of(str(FIRST_YEAR)), Period.of(str(LAST_YEAR)))
        periods = {YEAR: years, MONTH: [month for year in years for month in year.months], NONE: [WHOLE]}
        tables: dict[str, Sequence[Sequence[object]]] = {
            name: self.region.pack.rows(name, periods[table.period], lambda phase, period: FAR)
            for name, table in self.region.pack.tables.items()
        }
        tables[CALENDAR_TABLE] = working_days([], date(FIRST_YEAR - 1, 1, 1), date(LAST_YEAR + 1, 12, 31))
        with duckdb.connect() as con:
            for name, rows in tables.items():
                self.create(con, name, rows)
                self.side[name] = self.folder / f"{name}.parquet"
                con.execute(f"copy {name} to '{self.side[name]}' (format parquet)")

    def following(self, methods: Methods) -> Bench:
        """The bench of a region that follows other methods, over these tables from the side."""
        if not methods:
            return self
        other = copy(self)
        chosen = {**(self.project.methods or {}), **methods}
        project = self.project
        other.project = Project(project.folder, project.sources.values(), chosen, documents=project.documents)
        other.region = copy(self.region)
        other.region.project = other.project
        return other

    def columns(self, table: str) -> list[str]:
        models = self.project.models
        return list(models[table].columns if table in models else self.project.sources[table].columns)

    def type_of(self, table: str, column: str) -> str:
        if column not in self.columns(table):
            raise ValueError(f"{table} has no column {column}")
        return self.project.column(table, column).type.upper()

    def create(self, con: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Sequence[object]]) -> None:
        """A table of the project's types with these rows, in its columns' order."""
        con.execute(f"create schema if not exists {table.split('.')[0]}")
        columns = self.columns(table)
        declared = ", ".join(f'"{name}" {self.type_of(table, name)}' for name in columns)
        con.execute(f"create or replace table {table} ({declared})")
        if rows:
            line = f"({', '.join('?' for _ in columns)})"
            con.execute(
                f"insert into {table} values {', '.join([line] * len(rows))}",
                [value for row in rows for value in row],
            )

    def typed(self, table: str, row: Row) -> dict[str, object]:
        """A row given as text or values, as what the database hands back for it."""
        return {column: typed(self.type_of(table, column), value) for column, value in row.items()}

    def open(
        self,
        given: Given,
        through: Sequence[str],
        *,
        policy: Mapping[str, Row] | None = None,
        threads: int = 1,
        checked: Sequence[str] = (),
    ) -> Run:
        """A database with everything that the models `through` read.

        given    table -> rows; a column that a row does not name is null
        policy   policy table -> columns to set in every row of the pack's
        checked  tables that are given and whose contract will be asked
        """
        con = duckdb.connect()
        con.execute(f"set threads = {threads}")
        con.execute(self.project.macros)
        run = Run(self, con, tuple(through))
        judged = (*through, *checked)
        wanted = {table for name in through for table in self.project.models[name].upstream} | set(checked)
        wanted |= {
            table for name in judged for guard in self.project.invariants_of(name) for table in guard.upstream
        }
        wanted |= {table for name in judged for table in self.project.models[name].keeps}
        for table in sorted((wanted | given.keys()) - set(through)):
            if table in given:
                run.fill(table, given[table])
            else:
                run.show(table)
        for table, values in (policy or {}).items():
            for column, value in values.items():
                con.execute(f'update {table} set "{column}" = ?', [typed(self.type_of(table, column), value)])
        return run

    def run(
        self,
        given: Given,
        through: Sequence[str],
        *,
        policy: Mapping[str, Row] | None = None,
        threads: int = 1,
    ) -> Run:
        """Open and compute the models in the order given."""
        run = self.open(given, through, policy=policy, threads=threads)
        run.compute()
        return run


class Run:
    """One database: its tables can be filled again and its models computed again."""

    def __init__(self, bench: Bench, con: duckdb.DuckDBPyConnection, through: tuple[str, ...]) -> None:
        self.bench = bench
        self.con = con
        self.through = through

    def show(self, table: str) -> None:
        """Show a table that nobody gave: with what enters from the side, else empty."""
        if table not in self.bench.side:
            self.fill(table, ())
            return
        self.con.execute(f"create schema if not exists {table.split('.')[0]}")
        self.con.execute(f"create table {table} as from read_parquet('{self.bench.side[table]}')")

    def fill(self, table: str, rows: Sequence[Row]) -> None:
        """Replace a given table."""
        columns = self.bench.columns(table)
        typed_rows = [self.bench.typed(table, row) for row in rows]
        self.bench.create(self.con, table, [[row.get(column) for column in columns] for row in typed_rows])

    def compute(self) -> None:
        """Compute the models in order, each with the types of its contract."""
        for name in self.through:
            self.con.execute(f"create schema if not exists {name.split('.')[0]}")
            self.con.execute(f"create or replace table {name} as {self.bench.project.models[name].sql}")
            Contract(self.bench.project, self.bench.project.models[name]).check_types(self.con, name)

    def rows(self, table: str) -> list[dict[str, Any]]:
        """The rows of a table in the order of its grain."""
        models = self.bench.project.models
        order = ", ".join(models[table].grain) if table in models else "all"
        columns = self.bench.columns(table)
        found = self.con.execute(f"select * from {table} order by {order}").fetchall()
        return [dict(zip(columns, row)) for row in found]

    def failing(self, table: str, first_year: int = FIRST_YEAR, last_year: int = LAST_YEAR) -> set[str]:
        """The ids of the checks of a table's contract that its rows of these years do not pass."""
        model = self.bench.project.models[table]
        years = between(Period.of(str(first_year)), Period.of(str(last_year)))
        months = [month for year in years for month in year.months]
        periods = {NONE: [WHOLE], YEAR: years, MONTH: months}
        verdicts = Contract(self.bench.project, model).checks(self.con, periods[model.partition])
        return {check.id for checks in verdicts.values() for check in checks if not check.passed}

    def digest(self, table: str) -> str:
        model = self.bench.project.models[table]
        types = [(column, self.bench.type_of(table, column)) for column in model.columns]
        return logical_digest(self.con, table, types, model.grain).digest


def typed(kind: str, value: Any) -> object:
    """A value of a SQL type; ValueError for text that does not fit it exactly. A list's text is JSON."""
    if value is None:
        return None
    if kind.endswith("[]"):
        items = json.loads(value) if isinstance(value, str) else value
        return [typed(kind[:-2], item) for item in items]
    if kind.startswith("STRUCT"):
        fields = dict(field.split(" ", 1) for field in kind[len("STRUCT(") : -1].lower().split(", "))
        return {name: typed(fields[name].upper(), item) for name, item in value.items()}
    text = str(value)
    if kind.startswith("DECIMAL"):
        number, scale = Decimal(text), int(kind.rstrip(")").split(",")[1])
        if number != round(number, scale):
            raise ValueError(f"{text} has more than {scale} decimals")
        return round(number, scale)
    if kind in ("INTEGER", "BIGINT"):
        return int(text)
    if kind == "BOOLEAN":
        return {"true": True, "false": False}[text.lower()]
    if kind == "DATE":
        return date.fromisoformat(text)
    if kind == "TIMESTAMP":
        return datetime.fromisoformat(text)
    if kind == "VARCHAR":
        return text
    raise ValueError(f"no test gives a {kind}")
