"""`drg simulate`: what it computes is what a run under that law computes, it adds up, and the lake stands.

The region is the example; its year is computed once, and once more for real under the law that is tried.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from support import regions
from support.command import Drg
from support.periods import periods

from drg_pipeline.errors import DrgError
from drg_pipeline.files import work_folder
from drg_pipeline.lake.needs import needed, recompute
from drg_pipeline.lake.scratch import link
from drg_pipeline.lake.store import PART
from drg_pipeline.periods import MONTH, NONE, WHOLE, Period, parse_periods, span
from drg_pipeline.periods import YEAR as YEAR_KIND
from drg_pipeline.region import Region
from drg_pipeline.simulation.simulate import Asked, Simulated, simulate

YEAR = "2025"
THREE = (
    "high_multiple[base_point_above=0].multiple=2.5",
    "first_trim_method=none",
    "reference.budget[year=2025].amount*=1.02",
)
NAME = "<script>alert('名')</script>"


@dataclass(frozen=True)
class Trial:
    """One simulation with the folder it was made in, and the lake's state before and after."""

    simulated: Simulated
    folder: Path
    before: dict[str, object]
    after: dict[str, object]

    def rows(self, table: str) -> list[dict[str, object]]:
        [found] = [one for one in self.simulated.answers.tables if one.asked.id == table]
        return [dict(zip(found.columns, row, strict=True)) for row in found.rows]


@pytest.fixture(scope="module")
def year(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The region with its cleared year; read only."""
    return regions.shared(tmp_path_factory, "year", regions.example_year(samples))


@pytest.fixture(scope="module")
def trial(year: Path, tmp_path_factory: pytest.TempPathFactory) -> Trial:
    return try_out(year, tmp_path_factory.mktemp("trial"), Asked(periods(YEAR), THREE))


@pytest.fixture(scope="module")
def real(year: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second lake, run under the law and with the budget that are tried; only deliveries and groups are given."""
    folder = tmp_path_factory.mktemp("real")
    regions.copy(year, folder)
    for layer in ("policy", "reference", "quality", "calibration", "pricing", "settlement", "clearing"):
        shutil.rmtree(regions.lake_of(folder) / layer)
    regions.change_law(
        folder, "pricing.yml", "base_point_up_to: 200, multiple: 3}", "base_point_up_to: 200, multiple: 2.5}"
    )
    first = "    describe: Method of the first trim.\n{}    values:\n      - valid_from: 2021-01-01\n        value: {}\n"
    domain = "    unit: code\n    type: text\n    domain: [none, iqr, interval, multiple]\n"
    regions.change_law(
        folder, "base/calibration.yml", first.format(domain, "iqr"), first.format(domain, "none")
    )
    budget = folder / "reference" / "budget.csv"
    rows = list(csv.DictReader(budget.read_text(encoding="utf-8").splitlines()))
    for row in rows:
        if row["year"] == YEAR:
            row["amount"] = str((Decimal(row["amount"]) * Decimal("1.02")).quantize(Decimal("0.01")))
    budget.write_text(regions.as_csv(rows), encoding="utf-8")
    region = Region(regions.settings(folder))
    region.side.publish_reference(lambda line: None)
    region.side.publish_policy([WHOLE], region.side.law_tables(NONE))
    region.side.publish_policy(parse_periods("2022-01..2025-12"), region.side.law_tables(MONTH))
    region.side.publish_policy(periods(YEAR), region.side.law_tables(YEAR_KIND))
    targets = {
        model.name: periods(YEAR) if model.partition == YEAR_KIND else Period.of(YEAR).months
        for model in region.project.models.values()
        if model.layer in ("settlement", "clearing")
    }
    recompute(region.engine, needed(region.engine, targets), stale_only=True)
    return folder


def try_out(year: Path, folder: Path, asked: Asked, **given: Path) -> Trial:
    before = state(year)
    simulated = simulate(replace(regions.settings(year), **given), asked, folder)
    return Trial(simulated, folder, before, state(year))


def state(folder: Path) -> dict[str, object]:
    """Every file of the lake: content, inode, times of content; and every folder."""
    found: dict[str, object] = {}
    for path in sorted((folder / "lake").rglob("*")):
        told = path.stat()
        content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        found[str(path)] = (content, told.st_ino, told.st_mtime_ns, told.st_size)
    return found


# -- the same as a real run ---------------------------------------------------------------------


def test_what_is_simulated_is_what_a_run_under_that_law_computes(
    year: Path, trial: Trial, real: Path
) -> None:
    found, wanted, before = (
        digests(place)
        for place in (trial.folder / "simulated" / regions.NAME, regions.lake_of(real), regions.lake_of(year))
    )
    compared = [
        place for place in found if place.startswith(("calibration", "pricing", "settlement", "clearing"))
    ]
    assert len(compared) > 100
    assert {place: found[place] for place in compared} == {place: wanted[place] for place in compared}
    differs = {place.split("/")[0] for place in compared if found[place] != before[place]}
    assert differs == {"calibration", "pricing", "settlement", "clearing"}


def digests(root: Path) -> dict[str, str]:
    files = [str(path) for found in (PART, f"*/{PART}") for path in root.glob(f"*/*/{found}")]
    with closing(duckdb.connect()) as con:
        found = con.execute(
            "select file_name, decode(value) from parquet_kv_metadata(?) where decode(key) = 'digest'",
            [files],
        ).fetchall()
    return {str(Path(name).parent.relative_to(root)): digest for name, digest in found}


def test_the_lake_stands_as_it_was(trial: Trial) -> None:
    assert trial.before == trial.after


def test_only_what_rests_on_a_change_is_computed(trial: Trial) -> None:
    layers = {table.split(".")[0] for table in trial.simulated.computed}
    assert layers == {"calibration", "pricing", "settlement", "clearing"}
    assert not trial.simulated.caveats


# -- what is told of it -------------------------------------------------------------------------


def test_every_value_that_is_tried_is_listed_with_its_clause(trial: Trial) -> None:
    told = [
        (d.table, d.row, d.column, d.old, d.new, span(d.periods), d.law) for d in trial.simulated.differences
    ]
    months = "2025-01..2025-12"
    assert ("policy.calibration", "", "first_trim_method", "iqr", "none", "2025", ("open",)) in told
    assert (
        "policy.high_multiple",
        "base_point_above=0.0000",
        "multiple",
        "3.0000",
        "2.5000",
        months,
        ("JY-18-1-1",),
    ) in told
    budget = [(d.row, d.old, d.new) for d in trial.simulated.differences if d.table == "reference.budget"]
    assert len(budget) == 4 and len(told) == 6
    for row, old, new in budget:
        assert row.startswith("year=2025 pool=")
        assert Decimal(str(new)) == (Decimal(str(old)) * Decimal("1.02")).quantize(Decimal("0.01"))


def test_differences_add_up_by_pool_hospital_and_level(trial: Trial, year: Path) -> None:
    assert [proof.broken for proof in trial.simulated.answers.proofs] == [0, 0, 0, 0]
    assert trial.simulated.answers.proofs[0].checked == 48
    # Computed once more, from the two lakes.
    query = """
        select pool, sum({}) from {} where cast(left(cast({} as varchar), 4) as integer) = 2025 group by pool
    """
    lakes = {"base": year / "lake", "new": trial.folder / "simulated"}

    def summed(lake: str, column: str, table: str, period: str) -> dict[str, Decimal]:
        asked = query.format(column, table, period)
        return dict(rows_of(lakes[lake], asked))  # type: ignore[arg-type]

    for table, column, whole, budget, period in (
        ("settlement.monthly_settlement", "settlement", "settlement.monthly_pool", "budget_used", "month"),
        ("clearing.annual_settlement", "entitlement", "clearing.annual_pool", "budget", "year"),
    ):
        old, new = (summed(lake, column, table, period) for lake in lakes)
        residues = [summed(lake, "residual", whole, period) for lake in lakes]
        budgets = [summed(lake, budget, whole, period) for lake in lakes]
        for pool in new:
            difference = new[pool] - old[pool] + residues[1][pool] - residues[0][pool]
            assert difference == budgets[1][pool] - budgets[0][pool]
    levels, hospitals = trial.rows("annual_level"), trial.rows("annual_hospital")
    assert sum(row["payable_difference"] for row in levels) == sum(
        row["payable_difference"] for row in hospitals
    )  # type: ignore[misc]
    gains = [row["payable_difference"] for row in hospitals]
    assert gains == sorted(gains, reverse=True) and gains[0] != gains[-1]  # type: ignore[type-var]


def rows_of(lake: Path, query: str) -> list[tuple[object, ...]]:
    from drg_pipeline.lake.store import Store
    from drg_pipeline.lake.views import open_views

    with closing(open_views(Store(lake / regions.NAME))) as con:
        return con.execute(query).fetchall()


def test_a_budget_that_is_two_percent_larger_is_two_percent_more_for_its_pool(trial: Trial) -> None:
    for row in trial.rows("annual_pool"):
        base, new = Decimal(str(row["budget_base"])), Decimal(str(row["budget_simulated"]))
        # The distributable amount is rounded once, and no adjustment of the example is scaled.
        assert abs(new - base * Decimal("1.02")) <= Decimal("0.02") * abs(base)
        assert row["budget_difference"] == new - base > 0


def test_another_folder_of_law_is_tried_as_a_whole_and_a_lake_that_is_not_current_is_said(
    year: Path, tmp_path: Path
) -> None:
    own = tmp_path / "own"
    regions.copy(year, own)
    with open(own / "reference" / "institution_coefficient.csv", "w", encoding="utf-8") as out:
        out.write("fixmedins_code,coefficient,valid_from,valid_to\nH41900100001,1.1,2025-01-01,\n")
    Region(regions.settings(own)).side.publish_reference(lambda line: None)
    regions.change_law(tmp_path, "settlement.yml", "value: 0.05\n", "value: 0.08\n")
    law = tmp_path / "policy" / regions.NAME
    asked = Asked(periods("2025-02"), ("low_share=0.49",), policy=True)
    tried = try_out(own, tmp_path / "trial", asked, policy=law)
    told = {(d.column, d.old, d.new, d.law) for d in tried.simulated.differences}
    assert told == {
        ("deposit_rate", "0.0500", "0.0800", ("JY-32-4",)),
        ("low_share", "0.5000", "0.4900", ("JY-18-1-2",)),
    }
    # More is held back of what is settled.
    assert sum(row["payable_difference"] for row in tried.rows("hospital")) < 0  # type: ignore[misc]
    assert tried.simulated.caveats == [
        f"pricing.version_point {month}: computed from another state of reference.institution_coefficient"
        for month in ("2025-01", "2025-02")
    ]
    assert "2 partitions" in tried.simulated.told_caveats("en")[0]


# -- the command --------------------------------------------------------------------------------


@pytest.fixture
def lake(year: Path) -> Iterator[list[object]]:
    beside = set((year / "lake").parent.iterdir())
    yield ["simulate", "--lake", year / "lake"]
    assert set((year / "lake").parent.iterdir()) == beside, "the folder of a simulation is left"


def test_the_command_writes_a_page_json_and_csv_that_say_what_they_are(
    drg: Drg, lake: list[object], tmp_path: Path
) -> None:
    page, document, folder = tmp_path / "page.html", tmp_path / "all.json", tmp_path / "csv"
    ended = drg(
        *lake, "--lang", "zh", "--months", "2025-02",
        "--set", f"reference.hospital[fixmedins_code=H41900100001].name={NAME}",
        "--set", "reference.hospital[fixmedins_code=H41900100002].name==cmd()",
        "--set", THREE[0],
        "--set", "reference.group_override[new,drg=R15,phase=month].base_point=150.5",
        "--html", page, "--json", document, "--csv", folder, "--work", tmp_path / "work", "--keep",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    assert "模拟结果，不是结算" in ended.out and "JY-18-1-1" in ended.out
    text = page.read_text(encoding="utf-8")
    assert "模拟结果，不是结算" in text and "济管医保办〔2026〕2号" in text and "回溯演示" in text
    assert NAME not in text and "&lt;script&gt;" in text
    assert "<script" not in text and "<link" not in text and "<img" not in text
    assert set(re.findall(r"https?://[^\s\"'<]+", text)) <= {"http://www.w3.org/2000/svg"}
    told = json.loads(document.read_text(encoding="utf-8"))
    assert told["simulated"] is True and told["span"] == "2025-02"
    assert [d["new"] for d in told["tried"] if d["column"] == "multiple"] == ["2.5000"]
    [row] = [row for row in told["tables"]["hospital"] if row["fixmedins_code"] == "H41900100001"]
    assert re.fullmatch(r"-?\d+\.\d{2}", row["settlement_difference"])
    # A negotiated base point is a row that is added.
    [added] = [d for d in told["tried"] if d["what"] == "added"]
    assert added["row"] == "drg=R15 phase=month valid_from=2025-01-01"
    assert added["new"] == "base_point=150.5000"
    [row] = [row for row in told["tables"]["drg"] if row["drg"] == "R15"]
    assert row["base_point_simulated"] == "150.5000" != row["base_point_base"]
    read = list(csv.DictReader((folder / "hospital.csv").read_text(encoding="utf-8").splitlines()))
    assert {line["name"] for line in read} >= {"'=cmd()"}
    assert {line["settlement_simulated"] for line in read} == {
        line["settlement_simulated"] for line in told["tables"]["hospital"]
    }
    [kept] = (tmp_path / "work").iterdir()
    assert str(kept / "simulated") in ended.out
    query = "select count(*) as n from settlement.monthly_pool where month = '2025-02'"
    assert drg("sql", "--lake", kept / "simulated", query).out.split() == ["n", "4"]


def test_nothing_that_differs_is_said(drg: Drg, lake: list[object]) -> None:
    ended = drg(*lake, "--months", "2025-02", "--set", "low_share=0.50")
    assert ended.code == 0 and "0 tables, 0 partitions computed" in ended.out
    assert "Nothing differs from what the lake was computed with." in ended.out
    assert "Nothing changes: every figure that is compared is the same." in ended.out


@pytest.mark.parametrize(
    ("given", "code", "told"),
    [
        (["--months", "2025-02", "--year", "2025"], 2, ["name one of the two"]),
        ([], 2, ["name one of the two"]),
        (["--months", "2025-2"], 2, ["is not a month"]),
        (["--months", "2025-02", "--reference", "none"], 1, ["is not there"]),
        (["--months", "2021-06"], 1, ["drg run --region jiyuan --months 2021-06"]),
        (["--year", "2024"], 1, ["drg clear --region jiyuan --year 2024"]),
        (
            [
                *("--months", "2025-02"),
                *("--set", "high_multipel=3"),
                *("--set", "low_share=2"),
                *("--set", "reference.budgets.amount=3"),
                *("--set", "reference.budget[pool=abroad].amount=3"),
                *("--set", "reference.budget.amont=3"),
                *("--set", "reference.budget.amount@2025=1"),
                *("--set", "three"),
            ],
            2,
            [
                "was one of these meant: pricing.high_multiple",
                "2 is above 1.0000, the most it may be",
                "there is no reference file budgets.amount; there are: budget",
                "no row is meant; budget has",
                "employee_local, employee_nonlocal, resident_local, resident_nonlocal",
                "amont is no column of budget",
                "@ is for the law",
                "three: is not NAME=VALUE",
            ],
        ),
        (
            [
                *("--months", "2025-02"),
                *("--set", "reference.budget[year=2025].amount=3.001"),
                *("--set", "reference.budget[year=2024].reserve_ratio=1.5"),
            ],
            2,
            ["has more than 2 decimals", "'1.5' is above 1"],
        ),
    ],
)
def test_what_cannot_be_tried_is_refused_and_leaves_nothing(
    drg: Drg, lake: list[object], given: list[str], code: int, told: list[str]
) -> None:
    ended = drg(*lake, *given)
    assert ended.code == code, ended.err
    assert [words for words in told if words not in ended.err] == [], ended.err


def test_a_lake_that_is_not_there(drg: Drg, tmp_path: Path) -> None:
    ended = drg("simulate", "--lake", tmp_path / "none", "--months", "2025-02")
    assert ended.code == 2 and "drg run or drg clear" in ended.err


# -- folders ------------------------------------------------------------------------------------


def test_a_folder_is_removed_when_what_is_tried_fails(tmp_path: Path) -> None:
    with pytest.raises(DrgError), work_folder(tmp_path) as folder:
        assert folder.is_dir()
        raise DrgError("stopped")
    assert list(tmp_path.iterdir()) == []


def test_where_no_second_name_can_be_given_a_symbolic_link_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*places: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr("os.link", refuse)
    source = tmp_path / "a" / PART
    source.parent.mkdir()
    source.write_text("published", encoding="utf-8")
    link(source, tmp_path / "b" / PART)
    shown = tmp_path / "b" / PART
    assert shown.is_symlink() and shown.read_text(encoding="utf-8") == "published"
    # What replaces it takes the link's place.
    (tmp_path / "new").write_text("new", encoding="utf-8")
    (tmp_path / "new").replace(shown)
    assert source.read_text(encoding="utf-8") == "published" and not shown.is_symlink()
