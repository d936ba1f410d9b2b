"""The example region through the whole chain: every table of the contract, and what Dagster knows of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from functools import cache
from pathlib import Path

import dagster as dg
import duckdb
import pytest
from dagster import AssetCheckKey, AssetKey, AssetRecordsFilter
from support import regions
from support.expected import (
    CONTRACT,
    FINDINGS,
    differences,
    findings,
    listed,
    relation,
    types_found,
    types_promised,
)
from support.periods import month_texts, periods

from drg_pipeline.assets.describe import key
from drg_pipeline.assets.instance import open_instance
from drg_pipeline.assets.jobs import region_jobs
from drg_pipeline.assets.rules import SEVERITY
from drg_pipeline.lake.digest import Counted, logical_digest
from drg_pipeline.lake.parquet import parquet
from drg_pipeline.lake.store import footer
from drg_pipeline.periods import Period
from drg_pipeline.region import Region
from drg_pipeline.runs import Runner, Step
from drg_pipeline.sql.contract import Contract

YEAR = "2025"
HISTORY = month_texts("2022-01..2024-12")
# What the example was reckoned before: columns and tables that the contract has gained since.
SINCE = ("dcla_time",)
GAINED = {"calibration.day_point", "claims.normalised_value", "claims.outside_partition"}
COMPARED = sorted(set(CONTRACT) - GAINED - {"claims.version_index", FINDINGS})


@pytest.fixture(scope="module")
def year(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The region with its cleared year; read only."""
    return regions.shared(tmp_path_factory, "year", regions.example_year(samples))


@pytest.fixture(scope="module")
def region(year: Path) -> Region:
    return Region(regions.settings(year))


@pytest.fixture(scope="module")
def expected(samples: Path) -> Path:
    return samples / "examples" / "region-1" / "expected"


@pytest.fixture
def own(year: Path, tmp_path: Path) -> Path:
    """A copy of the region that a test may change."""
    regions.copy(year, tmp_path)
    return tmp_path


# -- the tables --------------------------------------------------------------------------------


@pytest.mark.parametrize("table", COMPARED)
def test_a_table_is_the_expected_one(year: Path, expected: Path, table: str) -> None:
    since = SINCE if table == "clearing.unsettled_case" else ()
    assert differences(regions.lake_of(year), table, expected / f"{table}.csv", YEAR, since) == []


def test_every_expected_table_is_compared(expected: Path) -> None:
    assert {path.stem for path in expected.glob("*.csv")} == {*COMPARED, FINDINGS}


def test_the_versions_with_a_fatal_finding_are_the_expected_ones(year: Path, expected: Path) -> None:
    fatal = "severity = 'fatal'"
    wanted = findings(listed(expected / f"{FINDINGS}.csv"), YEAR, fatal)
    assert findings(relation(regions.lake_of(year), FINDINGS), YEAR, fatal) == wanted
    assert wanted


@pytest.mark.parametrize("table", sorted(CONTRACT))
def test_a_table_has_the_columns_and_types_of_the_contract(year: Path, table: str) -> None:
    found, promised = types_found(regions.lake_of(year), table), types_promised(table)
    assert {name: found.get(name) for name in promised} == promised


@pytest.mark.parametrize("table", sorted(CONTRACT))
def test_a_files_digest_and_count_are_those_of_its_rows(region: Region, table: str) -> None:
    model = region.project.models[table]
    files = region.store.partitions(table, model.partition)
    assert files
    with closing(duckdb.connect()) as con:
        for path in files.values():
            own = f"(select {', '.join(model.columns)} from {parquet([path])})"
            types = [(name, region.project.column(table, name).type) for name in model.columns]
            told = footer(con, path)
            assert told is not None
            assert Counted(told.rows, told.digest) == logical_digest(con, own, types, model.grain), path
            assert told.code == region.project.code_version(table)


def test_nothing_is_left_beside_what_is_published(year: Path) -> None:
    assert [str(path) for path in regions.lake_of(year).rglob("*") if ".tmp" in path.name] == []


def test_a_chain_brings_all_that_its_tables_and_their_guards_read(tmp_path: Path) -> None:
    """On a fresh lake nothing is there but what an earlier job, or the job itself, has brought."""
    region = Region(regions.settings(tmp_path))
    project, jobs = region.project, region_jobs(region)
    brought: set[str] = set()
    for role in ("take_in", "history", "calibration", "months", "clearing"):
        brought |= set(jobs[role].tables)
        models = [project.models[table] for table in jobs[role].tables if table in project.models]
        read = {up for model in models for up in model.upstream}
        read |= {
            up for model in models for guard in project.invariants_of(model.name) for up in guard.upstream
        }
        assert read <= brought, role


# -- what Dagster knows ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def instance(year: Path) -> dg.DagsterInstance:
    return open_instance(year / "lake")


@pytest.fixture(scope="module")
def run_partitions(region: Region) -> dict[str, list[str]]:
    """table -> the partitions that the chain has run; `[]` for a table without partitions."""
    runner_jobs = Runner(region).jobs
    found: dict[str, list[str]] = {}
    for role, partitions in (
        ("take_in", []),
        ("history", HISTORY),
        ("calibration", [YEAR]),
        ("months", month_texts(YEAR)),
        ("clearing", [YEAR]),
    ):
        for table in runner_jobs[role].tables:
            found.setdefault(table, []).extend(partitions)
    return {table: sorted(partitions) for table, partitions in found.items()}


def test_every_table_is_materialised_for_what_was_run(
    region: Region, instance: dg.DagsterInstance, run_partitions: dict[str, list[str]]
) -> None:
    assert set(region.project.models) <= set(run_partitions)
    missing = {
        table: (sorted(found), partitions)
        for table, partitions in run_partitions.items()
        if table in region.project.models and partitions
        if (found := instance.get_materialized_partitions(key(regions.NAME, table))) != set(partitions)
    }
    assert missing == {}
    for table, partitions in run_partitions.items():
        if not partitions:
            assert instance.get_latest_materialization_event(key(regions.NAME, table)) is not None, table


@cache
def records(instance: dg.DagsterInstance, asset: AssetKey) -> list[dg.EventLogRecord]:
    return list(instance.fetch_materializations(AssetRecordsFilter(asset_key=asset), limit=1000).records)


def test_each_partition_tells_its_rows_and_digest(
    region: Region, instance: dg.DagsterInstance, run_partitions: dict[str, list[str]]
) -> None:
    with closing(duckdb.connect()) as con:
        for table, model in region.project.models.items():
            told = {
                record.partition_key: record.asset_materialization.metadata
                for record in reversed(records(instance, key(regions.NAME, table)))
                if record.asset_materialization
            }
            files = region.store.partitions(table, model.partition)
            assert set(told) == {str(period) or None for period in files}
            for period, path in files.items():
                partition = str(period) or None
                published = footer(con, path)
                assert published is not None
                assert told[partition]["dagster/row_count"].value == published.rows, (table, partition)
                assert told[partition]["logical_digest"].value == published.digest, (table, partition)


def test_the_checks_of_every_table_are_recorded_and_passed(
    region: Region, instance: dg.DagsterInstance
) -> None:
    """The quality rules warn of claims that fail them; all that blocks has passed."""
    log = instance.event_log_storage
    warned: set[tuple[str, dg.AssetCheckSeverity]] = set()
    for table, model in region.project.models.items():
        for group in Contract(region.project, model).groups():
            asked = AssetCheckKey(key(regions.NAME, table), group)
            # One verdict a run over all its partitions, and nothing that was planned and never judged.
            verdicts = [
                record.evaluation for record in log.get_asset_check_execution_history(asked, limit=1000)
            ]
            assert all(isinstance(verdict, dg.AssetCheckEvaluation) for verdict in verdicts), asked
            warned |= {(v.check_name, v.severity) for v in verdicts if not v.passed}
            judged = sum(int(str(verdict.metadata["partitions"].value)) for verdict in verdicts)
            assert judged == len(region.store.partitions(table, model.partition)), asked
    # One pool of the example has 100 yuan in 2024 and 235,000 in 2025.
    assert warned == {("budgets_keep_their_scale", dg.AssetCheckSeverity.WARN)}
    # Each quality rule is a check of its own, with the rows that fail it and the months that it was judged in.
    finding = region.project.models["quality.finding"]
    told: dict[str, tuple[int, dg.AssetCheckSeverity]] = {}
    for rule in finding.states:
        rules = log.get_asset_check_execution_history(
            AssetCheckKey(key(regions.NAME, "quality.finding"), rule), limit=100
        )
        # The settled months are judged last.
        evaluation = next(r.evaluation for r in rules if isinstance(r.evaluation, dg.AssetCheckEvaluation))
        assert evaluation.passed == (evaluation.metadata["failing_rows"].value == 0)
        told[rule] = int(str(evaluation.metadata["failing_rows"].value)), evaluation.severity
        page = Path(str(evaluation.metadata["data_docs"].value))
        assert page.name == "2025-12.html" and page.is_file()
    failing = regions.rows(
        region.settings.lake.parent,
        "select check_id, severity, sum(failing)::bigint from quality.rule_count "
        "where month like '2025-%' group by all",
    )
    of = {rule: (count, SEVERITY[severity]) for rule, severity, count in failing}
    assert told == {rule: of[rule] for rule in told}
    assert any(count for count, _ in told.values())


def lineage(instance: dg.DagsterInstance, table: str) -> Mapping[str, Sequence[dg.TableColumnDep]]:
    """column -> the columns it comes from, as the table's last run told it."""
    for record in records(instance, key(regions.NAME, table)):
        told = record.asset_materialization.metadata if record.asset_materialization else {}
        kept = told.get("dagster/column_lineage")
        if kept is not None and isinstance(kept.value, dg.TableColumnLineage):
            return kept.value.deps_by_column
    return {}


def test_every_column_of_every_model_has_its_lineage(region: Region, instance: dg.DagsterInstance) -> None:
    known = region.project.schema
    for table, model in region.project.models.items():
        found = lineage(instance, table)
        assert set(found) == set(model.columns), table
        assert any(found.values()), table
        for column, deps in found.items():
            for dep in deps:
                _, layer, name = dep.asset_key.path
                assert dep.column_name in known[layer][name], (table, column)
    price = lineage(instance, "settlement.monthly_case")["point_value"]
    assert key(regions.NAME, "settlement.month_value") in {dep.asset_key for dep in price}


# -- running again -----------------------------------------------------------------------------


class Dry(Runner):
    """A chain that says what it would run and runs nothing."""

    def run(self, step: Step) -> None:
        self.started(step)


def chain(folder: Path, kind: type[Runner]) -> tuple[Runner, list[str]]:
    """A runner over a copy, and the titles of the runs it starts."""
    started: list[str] = []

    def note(step: Step) -> None:
        started.append(step.title)

    return kind(Region(regions.settings(folder)), note), started


def test_a_second_clearing_computes_nothing_again_before_it(own: Path) -> None:
    before = regions.digests(own)
    runner, started = chain(own, Dry)
    runner.clear(Period.of(YEAR))
    assert started == ["jiyuan_take_in", "jiyuan_clearing 2025"]
    assert regions.digests(own) == before

    runner.region.store.file("pricing.case_point", Period.of("2025-06")).unlink()
    started.clear()
    runner.clear(Period.of(YEAR))
    assert started == ["jiyuan_take_in", "jiyuan_months 2025-06", "jiyuan_clearing 2025"]


def test_a_month_alone_is_the_month_of_the_range_and_brings_a_lost_partition_back(own: Path) -> None:
    before = regions.digests(own)
    regions.remove_months(own, month_texts("2025-03..2025-12"))
    kept = regions.digests(own)
    runner, started = chain(own, Runner)
    lost = runner.region.store.file("pricing.case_point", Period.of("2025-02"))
    lost.unlink()
    files = regions.lake_of(own).glob("*/*/month=2025-01/part.parquet")
    stamps = {path: path.stat().st_ino for path in files}
    runner.months(periods("2025-03"))
    assert started == ["jiyuan_take_in", "jiyuan_months 2025-02..2025-03"]
    after = regions.digests(own)
    assert lost.is_file()
    assert after == {place: before[place] for place in after}
    assert {path: path.stat().st_ino for path in stamps} == stamps
    run = {f"{table.replace('.', '/')}/month=2025-03" for table in runner.jobs["months"].tables}
    assert after.keys() - kept.keys() == run
