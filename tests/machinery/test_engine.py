"""The engine on a handful of made-up models: what a step may see, what is published, what a file records.

That the project's own models give the same alone and together is tested in `models/test_chain.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
import pytest
from support.small_project import write_project

from drg_pipeline.errors import DrgError
from drg_pipeline.lake.digest import digest_of
from drg_pipeline.lake.engine import Engine, Outcome, parquet, sql_text, write_partition
from drg_pipeline.lake.store import PART, Footer, Store, footer
from drg_pipeline.settings import Settings
from drg_pipeline.sql.project import Column, Project, Source

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
MONTHS = [f"2025-{month:02d}" for month in range(1, 13)]
# Those that most tests have. Nothing of 2024 is there: whoever looked beyond January would miss it.
SPAN = MONTHS[:6]
ORDER = ["early.row", "early.month_sum", "late.running"]

TEXT, WHOLE = Column("VARCHAR", "text", "text"), Column("INTEGER", "number", "number")
ENTRY = {"id": WHOLE, "n": WHOLE, "settlement_month": TEXT, "delivery": TEXT}


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
                Source("side.entry", "month", {"month": TEXT, "other_year": WHOLE}, "one row a month"),
            ],
        )
        self.store = Store(settings.region_lake)
        self.landing: dict[str, Path] = {}
        self.engine = Engine(settings, project, self.store, lambda: self.landing)
        self.side(SPAN)

    def side(self, months: Sequence[str], other_year: int = 2024) -> None:
        with duckdb.connect() as con:
            for month in months:
                outcome, temporary = write_partition(
                    con,
                    self.store,
                    relation=f"(select '{month}' as month, {other_year}::integer as other_year)",
                    table="side.entry",
                    kind="month",
                    partition=month,
                    columns=[("month", "VARCHAR"), ("other_year", "INTEGER")],
                    grain=["month"],
                    code="1",
                    inputs={},
                )
                temporary.replace(outcome.path)

    def deliver(self, label: str, rows: Sequence[tuple[int, int, str]]) -> None:
        """A delivery of (id, n, settlement month)."""
        target = self.folder / "landing" / label.replace("/", "-")
        target.mkdir(parents=True)
        values = ", ".join(f"({id}::integer, {n}::integer, '{month}', '{label}')" for id, n, month in rows)
        with duckdb.connect() as con:
            con.execute(
                f"copy (select * from (values {values}) as v(id, n, settlement_month, delivery)) "
                f"to '{sql_text(target / 'entry.parquet')}' (format parquet)"
            )
        self.landing[label] = target

    def run(self, months: Sequence[str], tables: Sequence[str] = ORDER) -> dict[str, list[Outcome]]:
        return {table: self.engine.compute(table, months) for table in tables}

    def footer(self, table: str, partition: str | None) -> Footer:
        kind = self.engine.project.partition_of(table)
        with duckdb.connect() as con:
            found = footer(con, self.store.file(table, kind, partition))
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


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(tmp_path)
    lake.deliver("2025-01/d1", [(1, 10, "2025-01"), (2, 20, "2025-02")])
    lake.deliver("2025-02/d1", [(3, 30, "2025-02"), (4, 40, "2025-03"), (5, 50, "2025-03")])
    lake.engine.compute("early.version")
    return lake


def test_months_computed_together_are_those_computed_alone(lake: Lake, tmp_path: Path) -> None:
    together = lake.run(SPAN)
    assert all(outcome.published for outcomes in together.values() for outcome in outcomes)
    alone = Lake(tmp_path / "alone")
    alone.landing = lake.landing
    alone.engine.compute("early.version")
    for month in SPAN:
        alone.run([month])
    for table in ORDER:
        for month in SPAN:
            assert alone.footer(table, month) == lake.footer(table, month), f"{table} {month}"
        assert alone.rows(table) == lake.rows(table)


def test_a_step_sees_the_partitions_that_its_header_names(lake: Lake) -> None:
    lake.side(MONTHS)
    lake.run(MONTHS)
    assert lake.rows("early.row") == [
        ("2025-01", 1, 10),
        ("2025-02", 2, 20),
        ("2025-02", 3, 30),
        ("2025-03", 4, 40),
        ("2025-03", 5, 50),
    ]
    assert lake.rows("late.running")[:4] == [
        ("2025-01", 10, 1),
        ("2025-02", 60, 2),
        ("2025-03", 150, 3),
        ("2025-04", 150, 4),
    ]
    lake.run(["2025"], ["late.yearly"])
    assert lake.rows("late.yearly") == [(2025, 150)]
    # The year that the month's own row names.
    with pytest.raises(DrgError) as error:
        lake.run(["2025-02"], ["late.bound"])
    assert list(error.value.faults) == ["late.yearly year=2024"]
    lake.side(["2025-02"], other_year=2025)
    lake.run(["2025-02"], ["late.bound"])
    assert lake.rows("late.bound") == [("2025-02", 150)]


def test_what_a_step_reads_and_is_not_there_is_named_all_at_once(lake: Lake) -> None:
    lake.run(["2025-01"])
    with pytest.raises(DrgError) as error:
        lake.run(["2025-03"], ["late.running"])
    assert error.value.headline == "late.running cannot be computed for 2025-03: what it reads is not there."
    assert list(error.value.faults) == ["early.month_sum month=2025-02", "early.month_sum month=2025-03"]
    assert error.value.state == "Nothing was changed." and "drg run" in error.value.remedy
    with pytest.raises(DrgError) as yearly:
        lake.run(["2025"], ["late.yearly"])
    assert list(yearly.value.faults) == [f"early.month_sum month={month}" for month in MONTHS[1:]]
    assert list(lake.store.partitions("late.running", "month")) == ["2025-01"]
    empty = Lake(lake.folder / "empty")
    with pytest.raises(DrgError) as unpartitioned:
        empty.run(["2025-01"], ["early.row"])
    assert list(unpartitioned.value.faults) == ["early.version"]


def test_a_blocked_partition_is_not_published_and_the_old_one_stands(lake: Lake) -> None:
    lake.run(SPAN, ["early.row"])
    before = {month: lake.footer("early.row", month) for month in ("2025-01", "2025-02")}
    # A correction in January breaks the rule, one in February does not.
    lake.deliver("2025-03/d2", [(7, -1, "2025-01"), (8, 1, "2025-02")])
    lake.engine.compute("early.version")
    outcomes = {
        outcome.partition: outcome for outcome in lake.run(["2025-01", "2025-02"], ["early.row"])["early.row"]
    }
    assert [check.id for check in outcomes["2025-01"].failures] == ["n_is_positive"]
    assert "month=2025-01 id=7" in str(outcomes["2025-01"].failures[0])
    assert not outcomes["2025-01"].published and outcomes["2025-02"].published
    assert lake.footer("early.row", "2025-01") == before["2025-01"]
    assert lake.footer("early.row", "2025-02") != before["2025-02"]
    assert not lake.leftovers()


def test_a_rule_that_names_no_partition_blocks_them_all(tmp_path: Path) -> None:
    lake = Lake(
        tmp_path, invariants={"nothing_at_all": ("early.month_sum", "select 1 as id from side.entry limit 1")}
    )
    lake.deliver("2025-01/d1", [(3, 30, "2025-01")])
    lake.engine.compute("early.version")
    lake.run(["2025-01", "2025-02"], ["early.row"])
    outcomes = lake.run(["2025-01", "2025-02"], ["early.month_sum"])["early.month_sum"]
    assert [[check.id for check in outcome.failures] for outcome in outcomes] == [["nothing_at_all"]] * 2
    assert lake.store.partitions("early.month_sum", "month") == {}
    assert not lake.leftovers()


def test_an_invariant_blocks_the_partition_it_names(tmp_path: Path) -> None:
    rule = (
        "select s.month, s.total from early.month_sum as s "
        "inner join side.entry as e on e.month = s.month where s.total > 35"
    )
    lake = Lake(tmp_path, invariants={"not_above": ("early.month_sum", rule)})
    lake.deliver("2025-01/d1", [(3, 30, "2025-01"), (4, 40, "2025-02")])
    lake.engine.compute("early.version")
    lake.run(["2025-01", "2025-02"], ["early.row", "early.month_sum"])
    assert list(lake.store.partitions("early.month_sum", "month")) == ["2025-01"]
    assert not lake.leftovers()


def test_a_select_that_cannot_run_says_so_and_leaves_everything(tmp_path: Path) -> None:
    lake = Lake(
        tmp_path,
        {
            **MODELS,
            "early.month_sum": "select month, cast(month as bigint) as total from side.entry",
        },
    )
    with pytest.raises(DrgError) as error:
        lake.run(["2025-01"], ["early.month_sum"])
    assert error.value.headline == "early.month_sum could not be computed for 2025-01."
    assert "Could not convert string '2025-01'" in str(error.value.faults[0])
    assert error.value.state == "Nothing was published; what was there stands."
    assert lake.store.partitions("early.month_sum", "month") == {} and not lake.leftovers()


def test_other_types_than_promised_are_refused(tmp_path: Path) -> None:
    lake = Lake(tmp_path, {**MODELS, "early.month_sum": "select month, 1.5 as total from side.entry"})
    with pytest.raises(DrgError) as error:
        lake.run(["2025-01"], ["early.month_sum"])
    assert [str(fault) for fault in error.value.faults] == [
        "early.month_sum.total: is DECIMAL(2,1), columns.yml says BIGINT"
    ]
    assert lake.store.partitions("early.month_sum", "month") == {} and not lake.leftovers()


def test_each_file_records_what_it_was_computed_from(lake: Lake) -> None:
    lake.side(MONTHS)
    lake.run(MONTHS)
    lake.run(["2025"], ["late.yearly"])

    def one(table: str, *months: str) -> str:
        return digest_of((f"month={month}", lake.footer(table, month).digest) for month in months)

    kept = lake.footer("late.running", "2025-03")
    assert kept.inputs == {
        "early.month_sum": one("early.month_sum", "2025-01", "2025-02", "2025-03"),
        "side.entry": one("side.entry", "2025-03"),
    }
    assert lake.footer("late.running", "2025-01").inputs["early.month_sum"] == one(
        "early.month_sum", "2025-01"
    )
    assert lake.footer("late.yearly", "2025").inputs == {"early.month_sum": one("early.month_sum", *MONTHS)}
    assert lake.footer("early.version", None).inputs == {
        "raw.entry": digest_of((path.name, path.name) for path in lake.landing.values())
    }
    assert kept.code == lake.engine.project.code_version("late.running")
    assert kept.rows == 1


def test_only_what_an_arrival_touches_is_stale(lake: Lake) -> None:
    assert lake.engine.stale("early.row", ["2025-01"]) == ["2025-01"]
    lake.run(SPAN)
    for table in ORDER:
        assert lake.engine.stale(table, SPAN) == []
    # Key 5 of March comes again in May: both months depend on it, no other does.
    lake.deliver("2025-05/d1", [(5, 55, "2025-05")])
    lake.engine.compute("early.version")
    assert lake.engine.stale("early.row", SPAN) == ["2025-03", "2025-05"]
    assert lake.engine.stale("early.month_sum", SPAN) == []
    lake.run(["2025-03", "2025-05"], ["early.row"])
    assert lake.engine.stale("early.row", SPAN) == []
    # March itself holds what it held.
    assert lake.engine.stale("early.month_sum", SPAN) == ["2025-05"]
    lake.run(["2025-05"], ["early.month_sum"])
    assert lake.engine.stale("late.running", SPAN) == ["2025-05", "2025-06"]


def test_another_model_or_another_law_makes_its_partitions_stale(lake: Lake, tmp_path: Path) -> None:
    lake.run(SPAN[:3])
    lake.side(["2025-02"], other_year=2025)
    assert lake.engine.stale("early.month_sum", SPAN[:3]) == ["2025-02"]
    changed = Lake(
        tmp_path / "changed", {**MODELS, "early.month_sum": MODELS["early.month_sum"] + " having true"}
    )
    changed.engine.store = lake.store
    changed.landing = lake.landing
    assert changed.engine.stale("early.month_sum", SPAN[:3]) == SPAN[:3]
    assert changed.engine.stale("early.row", SPAN[:3]) == []


def test_computing_again_changes_no_digest(lake: Lake) -> None:
    months = SPAN[:2]
    lake.run(months)
    before = {(table, month): lake.footer(table, month) for table in ORDER for month in months}
    lake.run(months)
    assert {(table, month): lake.footer(table, month) for table in ORDER for month in months} == before


def test_a_file_under_another_name_is_never_read(lake: Lake) -> None:
    lake.run(SPAN[:3])
    folder = lake.store.file("early.month_sum", "month", "2025-03").parent
    (folder / f"{PART}.9.dead.tmp").write_bytes(b"half a file")
    (folder / "copy.parquet").write_bytes(b"not even that")
    lake.run(["2025-03"], ["late.running"])
    assert lake.footer("late.running", "2025-03").rows == 1


def test_a_month_without_rows_is_an_empty_partition(lake: Lake) -> None:
    lake.run(["2025-06"], ["early.row"])
    assert lake.footer("early.row", "2025-06").rows == 0
    assert list(lake.store.partitions("early.row", "month")) == ["2025-06"]


def test_a_lake_may_stand_in_a_folder_with_any_name(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "it's a lake")
    lake.deliver("2025-01/d1", [(3, 30, "2025-01")])
    lake.engine.compute("early.version")
    lake.run(["2025-01"])
    assert lake.rows("late.running") == [("2025-01", 30, 1)]
