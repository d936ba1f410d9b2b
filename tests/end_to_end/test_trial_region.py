"""A region that chooses otherwise than Jiyuan, on a pack of a few pages: its law passes, its year runs and is cleared.

What is held here against plain arithmetic is what its law says: weight times coefficient whatever a case cost, months
that spend their twelfth, two pools. What every region has in common is tested elsewhere.
"""

from __future__ import annotations

import json
import re
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from support import regions
from support.command import Drg, named
from support.harness import REGIONS

from drg_pipeline import cli
from drg_pipeline.definitions import build
from drg_pipeline.region import Region
from drg_pipeline.reports.account import Accounts
from drg_pipeline.settings import Settings

TRIAL = REGIONS / "trial"
OTHERS = re.compile(r"\b(JYX?|SD|GD|PZH|AQ)-\d+")
YEAR = 2025
SIZE = ["--claims", "1500", "--hospitals", "8"]


def options(folder: Path) -> list[object]:
    return ["--region", "trial", "--policy", TRIAL, *named(folder)]


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The made-up region with its cleared year; read only."""

    def make(folder: Path) -> None:
        made = [*map(str, options(folder)[:4]), *map(str, named(folder)[:4])]
        assert cli.main(["generate", *made, *SIZE]) == 0
        run = ["clear", "--year", str(YEAR), "--grouping", "scheme", "--scheme", "starter"]
        assert cli.main([*run, *map(str, options(folder))]) == 0

    return regions.shared(tmp_path_factory, "trial", make)


def rows(folder: Path, query: str) -> list[tuple[Any, ...]]:
    """Rows of published tables, each named as layer/table."""
    lake = folder / "lake" / "trial"
    text = re.sub(r"\b([a-z_]+)/([a-z_]+)\b", rf"read_parquet('{lake}/\1/\2/**/part.parquet')", query)
    with duckdb.connect() as con:
        return con.execute(text).fetchall()


def test_the_pack_is_a_few_pages_and_passes(drg: Drg) -> None:
    lines = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in TRIAL.glob("*.yml"))
    assert lines < 250
    ended = drg("policy", "check", "--region", "trial", "--policy", TRIAL)
    assert ended.code == 0, ended.err
    shown = drg("policy", "show", "--region", "trial", "--policy", TRIAL).out
    assert "plain" in shown and "whole" in shown and not OTHERS.search(shown)


def test_two_pools_add_up_to_the_cent_in_every_month_and_in_the_year(year: Path) -> None:
    months = rows(
        year,
        "select m.month, m.pool, m.budget_used - m.residual - coalesce(sum(s.settlement), 0) "
        "from settlement/monthly_pool as m left join settlement/monthly_settlement as s "
        f"on s.month = m.month and s.pool = m.pool where left(m.month, 4) = '{YEAR}' "
        "group by m.month, m.pool, m.budget_used, m.residual",
    )
    assert {pool for _, pool, _ in months} == {"employee", "resident"} and len(months) == 24
    assert {difference for *_, difference in months} == {Decimal("0.00")}
    cleared = rows(
        year,
        "select p.pool, p.cases, p.budget - p.residual - sum(s.entitlement) from clearing/annual_pool as p "
        "inner join clearing/annual_settlement as s on s.pool = p.pool "
        "group by p.pool, p.cases, p.budget, p.residual order by 1",
    )
    assert [(pool, rest) for pool, _, rest in cleared] == [
        ("employee", Decimal("0.00")),
        ("resident", Decimal("0.00")),
    ]
    assert all(cases > 50 for _, cases, _ in cleared)


def test_a_month_spends_its_twelfth_and_leaves_nothing_to_the_next(year: Path) -> None:
    months = rows(
        year,
        "select pool, allocation, carry_in, carry_out, budget_used from settlement/monthly_pool "
        f"where left(month, 4) = '{YEAR}'",
    )
    assert {
        (carry_in, carry_out, used - allocation) for _, allocation, carry_in, carry_out, used in months
    } == {(0, 0, 0)}
    for pool in ("employee", "resident"):
        twelfths = [allocation for name, allocation, *_ in months if name == pool]
        assert max(twelfths) - min(twelfths) <= Decimal("0.01")


def rounded(value: Decimal, places: str) -> Decimal:
    return value.quantize(Decimal(places), ROUND_HALF_UP)


def test_a_case_earns_its_weight_times_the_coefficient_whatever_it_cost(year: Path) -> None:
    cases = rows(
        year,
        "select category, base_point, coefficient, points, fee, multiple, citation from pricing/case_point "
        f"where left(month, 4) = '{YEAR}'",
    )
    assert {case[0] for case in cases} <= {"normal", "blank", "unstable"}
    assert {case[-1] for case in cases} == {"TR-4"}
    normal = [case for case in cases if case[0] == "normal"]
    assert len(normal) > 100
    for _, weight, coefficient, points, _, multiple, _ in normal:
        assert points == rounded(weight * coefficient, "0.0001") and multiple is None
    # Fees lie far apart for one price: nobody is paid by them.
    one = {(weight, coefficient): set() for _, weight, coefficient, *_ in normal}
    for _, weight, coefficient, _, fee, *_ in normal:
        one[weight, coefficient].add(fee)
    assert max(max(fees) / min(fees) for fees in one.values()) > 3


def test_every_claim_of_the_year_computed_again_is_what_is_stored(year: Path) -> None:
    claims = [
        claim for (claim,) in rows(year, "select distinct setl_id from clearing/claim_version order by 1")
    ]
    told = Accounts(Region(Settings.for_region("trial", policy=TRIAL, lake=year / "lake"))).of(
        claims, path=False
    )
    assert len(told) == len(claims) > 300
    assert [fault for account in told for fault in account.faults] == []
    assert {part.id for account in told for part in account.parts} >= {"claim_category_plain", "claim_points"}


def test_a_weight_of_one_is_the_overall_mean(year: Path) -> None:
    ((cases, fees),) = rows(year, f"select n, fee_sum from calibration/overall where year = {YEAR}")
    for n, fee_sum, weight in rows(
        year,
        f"select n, fee_sum, base_point from calibration/group_base_point where year = {YEAR} and n > 0",
    ):
        assert weight == rounded(fee_sum * cases / (n * fees), "0.0001")


def test_nobody_is_told_of_another_region_s_clauses(year: Path, drg: Drg) -> None:
    ((ledger,),) = rows(year, "select list(distinct citation order by citation) from clearing/ledger")
    assert ledger == ["TR-5", "TR-6"]
    ((claim,),) = rows(
        year, f"select min(setl_id) from pricing/case_point where category = 'normal' and month = '{YEAR}-03'"
    )
    told = drg("explain", claim, "--json", *options(year))
    assert told.code == 0, told.err
    account = json.loads(told.out)
    assert account["agrees"] is True and not OTHERS.search(told.out)
    laws = {line["law"]["id"] for part in account["sections"] for line in part["lines"] if line["law"]}
    assert laws <= {f"TR-{number}" for number in range(1, 7)}
    region = Region(Settings.for_region("trial", policy=TRIAL, lake=year / "lake"))
    for spec in build([region]).resolve_all_asset_specs():
        said = f"{spec.description} {spec.metadata}"
        assert not OTHERS.search(said), spec.key


def test_a_claim_in_a_pool_of_both_places_names_its_pool(year: Path) -> None:
    pools = rows(
        year,
        "select c.insutype, c.pool, count(distinct s.insuplc in ('999901', '999902')) from claims/claim as c "
        "inner join claims/setlinfo as s on s.setl_id = c.setl_id and s.dcla_time = c.dcla_time "
        "where c.pool is not null group by all order by 1",
    )
    assert pools == [("310", "employee", 2), ("390", "resident", 2)]
