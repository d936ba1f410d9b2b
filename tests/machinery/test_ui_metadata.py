"""What the UI is told of a table: step, grain, owners, clauses, charts, previews, and the rows that break a rule.

A region of two small tables under the law of Jiyuan, materialised by Dagster itself.
"""

from __future__ import annotations

import base64
import re
import shlex
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from support.harness import Bench
from support.small_project import write_project

from drg_pipeline.assets.describe import group_of, key, law_text, source_description
from drg_pipeline.assets.factory import model_asset, policy_assets, reference_asset
from drg_pipeline.cli import main
from drg_pipeline.periods import Period
from drg_pipeline.region import Region
from drg_pipeline.reports.charts import CHARTS_FILE
from drg_pipeline.settings import Settings
from drg_pipeline.sql.methods import METHODS_FILE

MONTHS = ("2025-01", "2025-02")
# n of id 2 in February is what a test makes it.
ROWS = """
select m as month, i::integer as id, case when m = '2025-02' and i = 2 then {odd} else i * 10 end::integer as n
from (values ('2025-01'), ('2025-02')) as months(m) cross join range(1, 4) as r(i)
"""
HEADER = {
    "grain": ["month", "id"],
    "partition": "month",
    "law": ["JY-16-2"],
    "checks": [{"id": "n_positive", "expect": "n > 0", "describe": "n is above zero."}],
}
CHARTS = {
    "charts": [
        {
            "table": "early.row",
            "title": "{period} 的数",
            "kind": "bars",
            "x": "id",
            "y": "n",
            "unit": "个",
            "query": "select id, n from early.row where month = $period order by id",
        }
    ]
}


def small_region(
    folder: Path, odd: str = "20", invariants: dict[str, tuple[str, str]] | None = None
) -> Region:
    project = write_project(
        folder / "models",
        {
            "early.row": ROWS.format(odd=odd),
            "late.total": "select month, id, n + 0 as seen from early.row".replace(
                "n + 0", "cast(n as bigint)"
            ),
        },
        {"early.row": HEADER, "late.total": {"grain": ["month", "id"], "partition": "month"}},
        invariants,
    )
    settings = Settings.for_region("jiyuan", lake=folder / "lake")
    # The law of the region answers the choices of the whole arithmetic.
    shutil.copy(settings.models / METHODS_FILE, project)
    interface = folder / "interface"
    if not interface.is_dir():
        shutil.copytree(settings.interface, interface)
    (interface / CHARTS_FILE).write_text(yaml.safe_dump(CHARTS, allow_unicode=True), encoding="utf-8")
    return Region(replace(settings, models=project, interface=interface))


def materialise(region: Region, table: str) -> dg.ExecuteInProcessResult:
    with dg.DagsterInstance.ephemeral() as instance:
        return dg.materialize(
            [model_asset(region, region.project.models[table])],
            instance=instance,
            tags={
                "dagster/asset_partition_range_start": MONTHS[0],
                "dagster/asset_partition_range_end": MONTHS[1],
            },
            raise_on_error=False,
        )


def told(result: dg.ExecuteInProcessResult, table: str) -> dict[str | None, dict[str, Any]]:
    """partition -> metadata of its materialisation."""
    events = result.asset_materializations_for_node(f"jiyuan__{table.replace('.', '__')}")
    return {
        event.partition: {name: value.value for name, value in event.metadata.items()} for event in events
    }


def svg_of(markdown: str) -> str:
    found = re.search(r"base64,([A-Za-z0-9+/=]+)\)", markdown)
    assert found
    return base64.b64decode(found[1]).decode()


def test_each_partition_carries_its_chart_and_the_last_one_the_preview(tmp_path: Path) -> None:
    region = small_region(tmp_path)
    result = materialise(region, "early.row")
    assert result.success
    partitions = told(result, "early.row")
    assert set(partitions) == set(MONTHS)
    for month in MONTHS:
        assert partitions[month]["dagster/row_count"] == 3
        svg = svg_of(partitions[month]["chart"])
        assert f"{month} 的数" in svg and all(f">{n}<" in svg for n in (10, 20, 30))
    assert "preview" not in partitions["2025-01"]
    assert "| 2025-02 | 3 | 30 |" in partitions["2025-02"]["preview"]


def test_column_sources_can_be_read(tmp_path: Path) -> None:
    region = small_region(tmp_path)
    materialise(region, "early.row")
    last = told(materialise(region, "late.total"), "late.total")["2025-02"]
    assert "| `seen` | early.row.n |" in last["column_sources"]
    assert "chart" not in last


def test_a_chart_that_cannot_be_drawn_stops_nothing(tmp_path: Path) -> None:
    region = small_region(tmp_path)
    broken = dict(CHARTS["charts"][0], query="select id, cast('x' as integer) as n from early.row")
    (region.settings.interface / CHARTS_FILE).write_text(
        yaml.safe_dump({"charts": [broken]}), encoding="utf-8"
    )
    result = materialise(region, "early.row")
    assert result.success
    assert (
        "2025-01 的数: could not be drawn. Conversion Error" in told(result, "early.row")["2025-01"]["chart"]
    )


def test_an_asset_says_step_grain_owner_and_clauses(tmp_path: Path, bench: Bench) -> None:
    region = small_region(tmp_path)
    asset = model_asset(region, region.project.models["early.row"])
    spec = asset.get_asset_spec(key("jiyuan", "early.row"))
    assert spec.group_name == "01_early"
    assert list(spec.owners) == ["team:settlement"]
    assert spec.tags == {"region": "jiyuan", "layer": "early", "partition": "month"} | {
        name: value for name, value in spec.tags.items() if name.startswith("dagster/")
    }
    assert spec.description is not None
    assert "**Step 1 of 2, early early:** a layer" in spec.description
    assert "**Grain:** month, id · **Partition:** settlement month" in spec.description
    assert (
        "- `JY-16-2` 《济源产城融合示范区按病组(DRG)付费管理办法(试行)》（济管医保办〔2026〕2号）第16条: "
        in spec.description
    )
    assert "`AQ-F1`" in law_text(bench.region.pack.instruments, ("AQ-F1",))


def test_every_table_of_the_project_says_what_it_is(bench: Bench) -> None:
    region = bench.region
    assets = [reference_asset(region), *policy_assets(region)]
    assets += [model_asset(region, model) for model in region.project.models.values()]
    for spec in (spec for asset in assets for spec in asset.specs):
        layer = spec.key.path[1]
        assert spec.description and "**Grain:** " in spec.description and "**Step " in spec.description, (
            spec.key
        )
        assert "**Grain:**  ·" not in spec.description, f"{spec.key.path}: its grain is empty"
        model = region.project.models.get(f"{layer}.{spec.key.path[2]}")
        for member in model.members if model else ():
            assert member.describe and f"- `{member.name}`: {member.describe}" in spec.description, (
                member.name
            )
        assert spec.owners and spec.tags["layer"] == layer and spec.group_name == group_of(region, layer)
        assert spec.metadata["dagster/column_schema"].columns
        for column in spec.metadata["dagster/column_schema"].columns:
            assert column.description, f"{spec.key.path}.{column.name}"
    numbers = [int(group_of(region, layer.name)[:2]) for layer in region.project.layers]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_table_of_the_law_names_what_the_law_leaves_open(bench: Bench) -> None:
    open_tables = [
        name
        for name, found in bench.region.pack.tables.items()
        if any(value.law == "open" for parameter in found.parameters for value in parameter.values)
    ]
    assert open_tables
    for name in open_tables:
        assert "**Left open by the law, and chosen**" in source_description(
            bench.region, bench.project.sources[name]
        )


# -- rows that break a rule --------------------------------------------------------------------


def verdict(result: dg.ExecuteInProcessResult, name: str) -> dg.AssetCheckEvaluation:
    return next(found for found in result.get_asset_check_evaluations() if found.check_name == name)


def ask(markdown: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What the command line in a verdict answers."""
    found = re.search(r"```sh\ndrg (.*)\n```", markdown)
    assert found
    capsys.readouterr()
    assert main(shlex.split(found[1])) == 0
    return capsys.readouterr().out


def test_a_broken_contract_leads_to_the_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    region = small_region(tmp_path, odd="-5")
    result = materialise(region, "early.row")
    assert not result.success
    contract = verdict(result, "contract")
    assert not contract.passed
    metadata = {name: value.value for name, value in contract.metadata.items()}
    assert metadata["failing_rows"] == 1 and metadata["partitions"] == "2"
    assert "| `n_positive` | n is above zero. | 1 |" in metadata["rules"]
    assert metadata["why"] == "n_positive — 2025-02: 1. For example: month 2025-02, id 2, n -5"
    assert "**n_positive** — 2025-02: 1" in metadata["failing"]
    assert "| month | id | n |" in metadata["failing"] and "| 2025-02 | 2 | -5 |" in metadata["failing"]
    file = region.settings.region_lake / ".failing" / "early.row" / "n_positive" / "2025-02.parquet"
    assert f"`{file}`" in metadata["all_rows"] and file.is_file()
    assert "-5" in ask(metadata["all_rows"], capsys)
    assert not region.store.file("early.row", Period.of("2025-02")).is_file()


def test_rows_of_a_rule_that_holds_again_are_forgotten(tmp_path: Path) -> None:
    materialise(small_region(tmp_path, odd="-5"), "early.row")
    region = small_region(tmp_path, odd="20")
    result = materialise(region, "early.row")
    assert result.success and verdict(result, "contract").passed
    assert "failing" not in verdict(result, "contract").metadata
    assert not list((region.settings.region_lake / ".failing").rglob("*.parquet"))


def test_an_empty_column_is_named_with_the_row_that_lacks_it(tmp_path: Path) -> None:
    result = materialise(small_region(tmp_path, odd="null"), "early.row")
    failing = str(verdict(result, "contract").metadata["failing"].value)
    assert "**no_unexpected_null** — 2025-02: 1" in failing
    assert "| lacks | month | id |" in failing and "| n | 2025-02 | 2 |" in failing


@pytest.mark.parametrize("severity", ["error", "warn"])
def test_an_invariant_shows_the_rows_it_returns(
    tmp_path: Path, severity: str, capsys: pytest.CaptureFixture[str]
) -> None:
    region = small_region(
        tmp_path, invariants={"n_small": ("early.row", "select month, id, n from early.row where n > 20")}
    )
    path = region.settings.models / "invariants" / "n_small.sql"
    says = "says: {en: small, zh: 小}\n" if severity == "warn" else ""
    path.write_text(path.read_text().replace("guards:", f"law: [JY-16]\nseverity: {severity}\n{says}guards:"))
    region = Region(region.settings)
    result = materialise(region, "early.row")
    assert result.success == (severity == "warn")
    found = verdict(result, "n_small")
    failing = str(found.metadata["failing"].value)
    assert found.metadata["failing_rows"].value == 2 and not found.passed
    assert "| 2025-01 | 3 | 30 |" in failing and "| 2025-02 | 3 | 30 |" in failing
    way = str(found.metadata["all_rows"].value)
    assert "n_small/*.parquet" in way
    assert ask(way, capsys).count("30") >= 2
    asset = model_asset(region, region.project.models["early.row"])
    described = {spec.name: spec.description for spec in asset.check_specs}
    assert "第16条" in str(described["n_small"])
