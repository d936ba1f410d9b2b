"""A lake of a handful of made-up models with its engine; deliveries are files beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from drg_pipeline.duck import write_parquet
from drg_pipeline.forms import Column
from drg_pipeline.lake.digest import logical_digest
from drg_pipeline.lake.engine import Engine
from drg_pipeline.lake.outcome import Outcome
from drg_pipeline.lake.parquet import parquet, write_partition
from drg_pipeline.lake.store import Footer, Store, footer
from drg_pipeline.periods import Period
from drg_pipeline.settings import Settings
from drg_pipeline.sql.project import Project, Source
from support.periods import periods
from support.small_project import write_project

MODELS = {
    # Which month each version of a key belongs to; a later delivery may move a key.
    "early.version": "select id, settlement_month, delivery, n from raw.entry",
    "early.row": (
        "select v.settlement_month as month, e.id, e.n from early.version as v "
        "inner join raw.entry as e on e.id = v.id and e.delivery = v.delivery"
    ),
    "early.month_sum": (
        "select m.month, cast(sum(r.n) as bigint) as total from side.entry as m "
        "left join early.row as r on r.month = m.month group by m.month"
    ),
    "late.running": (
        "select m.month, cast(sum(b.total) as bigint) as total, count(*) as seen from side.entry as m "
        "inner join early.month_sum as b on b.month <= m.month and left(b.month, 4) = left(m.month, 4) "
        "group by m.month"
    ),
    "late.yearly": (
        "select cast(left(month, 4) as integer) as year, cast(sum(total) as bigint) as total "
        "from early.month_sum group by year"
    ),
    "late.bound": (
        "select m.month, y.total from side.entry as m inner join late.yearly as y on y.year = m.other_year"
    ),
}
HEADERS: dict[str, dict[str, object]] = {
    "early.version": {
        "grain": ["id", "settlement_month", "delivery"],
        "slice": {"month": "settlement_month", "key": "id"},
    },
    "early.row": {
        "grain": ["month", "id"],
        "partition": "month",
        "reads": {"raw.entry": {"deliveries_of": "early.version"}},
        "checks": [{"id": "n_is_positive", "expect": "n > 0", "describe": "No figure is below one."}],
    },
    "early.month_sum": {"grain": ["month"], "partition": "month", "nullable": ["total"]},
    "late.running": {
        "grain": ["month"],
        "partition": "month",
        "nullable": ["total"],
        "reads": {"early.month_sum": {"months": [-11, 0], "within_year": True}},
    },
    "late.yearly": {"grain": ["year"], "partition": "year", "nullable": ["total"]},
    "late.bound": {
        "grain": ["month"],
        "partition": "month",
        "nullable": ["total"],
        "reads": {"late.yearly": {"year_from": "side.entry.other_year"}},
    },
}
MONTHS = Period.of("2025").months
# Those that most tests have. Nothing of 2024 is there: whoever looked beyond January would miss it.
SPAN = MONTHS[:6]
ORDER = ["early.row", "early.month_sum", "late.running"]

TEXT, COUNT = Column("VARCHAR", "text", "text"), Column("INTEGER", "number", "number")
ENTRY = {"id": COUNT, "n": COUNT, "settlement_month": TEXT, "delivery": TEXT}


class Lake:
    """A small project with its engine; deliveries are files beside the lake."""

    def __init__(
        self,
        folder: Path,
        models: Mapping[str, str] = MODELS,
        headers: Mapping[str, Mapping[str, object]] = HEADERS,
        invariants: Mapping[str, tuple[str, str]] | None = None,
    ) -> None:
        self.folder = folder
        write_project(folder / "models", models, headers, invariants)
        with open(folder / "models" / "columns.yml", "a", encoding="utf-8") as columns:
            columns.write('delivery: {type: "varchar", unit: text, meaning: a delivery}\n')
        settings = Settings.for_region("small", lake=folder / "lake", models=folder / "models", threads=1)
        project = Project(
            settings.models,
            [
                Source("raw.entry", "delivery", ENTRY, "what arrived"),
                Source("side.entry", "month", {"month": TEXT, "other_year": COUNT}, "one row a month"),
            ],
        )
        self.store = Store(settings.region_lake)
        self.landing: dict[str, Path] = {}
        self.engine = Engine(settings, project, self.store, lambda: self.landing)
        self.side(SPAN)

    def side(self, months: Sequence[object], other_year: int = 2024) -> None:
        with duckdb.connect() as con:
            for month in months:
                relation = f"(select '{month}' as month, {other_year}::integer as other_year)"
                columns = [("month", "VARCHAR"), ("other_year", "INTEGER")]
                outcome, temporary = write_partition(
                    con,
                    self.store,
                    relation=relation,
                    table="side.entry",
                    period=Period.of(str(month)),
                    columns=columns,
                    code="1",
                    inputs={},
                    counted=logical_digest(con, relation, columns),
                )
                temporary.replace(outcome.path)

    def deliver(self, label: str, rows: Sequence[tuple[int, int, str]]) -> None:
        """A delivery of (id, n, settlement month)."""
        target = self.folder / "landing" / label.replace("/", "-")
        target.mkdir(parents=True)
        values = ", ".join(f"({id}::integer, {n}::integer, '{month}', '{label}')" for id, n, month in rows)
        with duckdb.connect() as con:
            rows_of = f"select * from (values {values}) as v(id, n, settlement_month, delivery)"
            write_parquet(con, rows_of, target / "entry.parquet")
        self.landing[label] = target

    def run(self, months: Sequence[object], tables: Sequence[str] = ORDER) -> dict[str, list[Outcome]]:
        asked = periods(*map(str, months))
        return {table: self.engine.compute(table, asked) for table in tables}

    def footer(self, table: str, partition: object) -> Footer:
        kind = self.engine.project.partition_of(table)
        with duckdb.connect() as con:
            found = footer(con, self.store.file(table, Period.of(str(partition), kind)))
        assert found is not None
        return found

    def rows(self, table: str) -> list[tuple[object, ...]]:
        kind = self.engine.project.partition_of(table)
        columns = ", ".join(self.engine.project.models[table].columns)
        with duckdb.connect() as con:
            files = list(self.store.partitions(table, kind).values())
            return con.execute(f"select {columns} from {parquet(files)} order by all").fetchall()

    def leftovers(self) -> list[Path]:
        return list(self.store.root.rglob("*.tmp"))
