"""Months grouped by a scheme: made-up claims of the starter scheme, computed without Dagster.

Three years of history and two months by one scheme; then a scheme that changes, with history grouped again; and
the ways in which it stops.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from support import regions

from drg_pipeline.errors import DrgError
from drg_pipeline.periods import Period
from drg_pipeline.region import Region
from drg_pipeline.settings import PROJECT
from drg_pipeline.synthetic import generate

CLAIMS = 2400
FIRST, LAST = "2022-01", "2025-02"
MONTHS = ["2025-01", "2025-02"]
STARTER = PROJECT / "data" / "schemes" / "starter"


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two months settled on the calibration of their year; read only."""

    def build(folder: Path) -> None:
        generate(
            folder / "inbox",
            folder / "reference",
            claims=CLAIMS,
            hospitals=6,
            first_month=Period.of(FIRST),
            last_month=Period.of(LAST),
            seed=3,
            report=lambda line: None,
        )
        shutil.copytree(STARTER, folder / "schemes" / "starter")
        region = opened(folder)
        regions.take_in(region)
        regions.calibrate(region, "2025")
        regions.settle(region, MONTHS)

    return regions.shared(tmp_path_factory, "settled-by-scheme", build)


@pytest.fixture
def own(settled: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    regions.copy(settled, tmp_path)
    return tmp_path


def opened(folder: Path, **given: object) -> Region:
    return Region(
        regions.settings(
            folder, schemes=folder / "schemes", first_month=Period.of(FIRST), grouping="scheme", **given
        )
    )


def another_year(folder: Path) -> None:
    """What a change of the law asks for: history and calibration of the year, and its first month."""
    region = opened(folder)
    regions.take_in(region)
    regions.calibrate(region, "2025")
    regions.settle(region, MONTHS[:1])


def another_scheme(folder: Path) -> None:
    """The starter under another name, with every DRG of one ADRG called otherwise."""
    target = folder / "schemes" / "next"
    shutil.copytree(STARTER, target)
    head = (target / "scheme.toml").read_text(encoding="utf-8")
    (target / "scheme.toml").write_text(head.replace('name = "starter"', 'name = "next"'), encoding="utf-8")
    for name in ("drg", "drg_rule", "adrg", "adrg_rule"):
        path = target / f"{name}.csv"
        path.write_text(re.sub(r"\bBR2", "BX8", path.read_text(encoding="utf-8")), encoding="utf-8")


def policy(folder: Path, *, calibration: str) -> None:
    """The law with `next` in force from 2025, and the scheme of the calibrations from then on."""
    shutil.copytree(PROJECT / "data" / "policy", folder / "policy")
    value = (
        "      - {{valid_from: 2025-01-01, value: {}, published: 2024-12-01, law: open, reason: a test}}\n"
    )
    for name, after, scheme in (
        (f"{regions.NAME}/grouping.yml", "they are imported\n", "next"),
        ("base/calibration_scheme.yml", "so far\n", calibration),
    ):
        path = folder / "policy" / name
        text = path.read_text(encoding="utf-8")
        assert after in text
        path.write_text(text.replace(after, after + value.format(scheme), 1), encoding="utf-8")


def test_months_are_grouped_calibrated_and_settled_by_the_scheme(settled: Path) -> None:
    counted = dict(
        regions.rows(
            settled,
            "select status, count(*) from grouping.grouped_case where month >= '2025' group by status",
        )
    )
    assert counted["grouped"] > 0.9 * sum(counted.values())
    assert regions.rows(settled, "select distinct scheme from calibration.history_case") == [("starter",)]
    paid = regions.rows(settled, "select count(*), sum(settlement) from settlement.monthly_settlement")
    assert paid[0][0] > 0 and paid[0][1] > 0
    # The platform differs in a few cases on purpose, and each of them is listed.
    differing = regions.rows(settled, "select count(*), count(distinct level) from grouping.reconciliation")
    compared = regions.rows(settled, "select sum(compared - same_drg) from grouping.agreement")
    assert 0 < differing[0][0] == compared[0][0]
    # A principal diagnosis that the scheme does not know is fatal, and only that.
    unknown = regions.rows(
        settled,
        "select count(*) from quality.finding as f inner join grouping.record as r on r.month = f.month"
        " and r.setl_id = f.setl_id and r.dcla_time = f.dcla_time"
        " left join scheme.diagnosis as d on d.code = r.principal_diagnosis"
        " where f.principal_code_unknown is distinct from"
        " case when r.principal_diagnosis is not null then d.code is null end",
    )
    assert unknown == [(0,)]
    assert regions.rows(settled, "select count(*) from grouping.regrouped_case") == [(0,)]


def test_when_the_scheme_changes_three_years_of_history_are_grouped_again(own: Path) -> None:
    another_scheme(own)
    policy(own, calibration="next")
    another_year(own)
    by_month = regions.rows(
        own,
        "select left(month, 4), scheme, count(*) filter (where adrg like 'BX8%'),"
        " count(*) filter (where adrg like 'BR2%') from grouping.grouped_case where month <= '2025-01'"
        " group by all order by all",
    )
    assert {(year, scheme) for year, scheme, _, _ in by_month} == {
        ("2022", "starter"),
        ("2023", "starter"),
        ("2024", "starter"),
        ("2025", "next"),
    }
    assert all((new > 0) == (scheme == "next") and (new == 0 or old == 0) for _, scheme, new, old in by_month)
    history = regions.rows(
        own,
        "select count(*), count(*) filter (where scheme = 'next'), count(*) filter (where drg like 'BX8%'),"
        " count(*) filter (where drg like 'BR2%') from calibration.history_case",
    )[0]
    assert history[0] == history[1] and history[2] > 0 == history[3]
    # Equal claims in equal groups, but for the name of the one.
    assert regions.rows(
        own,
        "select count(*) from grouping.regrouped_case as n inner join grouping.grouped_case as o"
        " on o.setl_id = n.setl_id and o.dcla_time = n.dcla_time"
        " where o.drg is distinct from case when n.status = 'grouped' then replace(n.drg, 'BX8', 'BR2') end",
    ) == [(0,)]


def test_a_month_is_not_priced_with_base_points_of_another_scheme(own: Path) -> None:
    another_scheme(own)
    policy(own, calibration="starter")
    with pytest.raises(DrgError) as stopped:
        regions.settle(opened(own), MONTHS[:1])
    told = stopped.value.message()
    assert "priced_by_the_scheme_of_the_calibration" in told and "calibration_scheme.yml" in told


def test_a_scheme_that_is_not_there_stops_the_month_and_says_how_to_bring_it(own: Path) -> None:
    policy(own, calibration="next")
    with pytest.raises(DrgError) as stopped:
        regions.settle(opened(own), MONTHS[:1], through="grouping.grouped_case")
    told = stopped.value.message()
    assert "next" in told and "drg scheme import" in told


def test_a_broken_scheme_is_refused_with_file_and_line(own: Path) -> None:
    path = own / "schemes" / "starter" / "adrg.csv"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join([*lines[:4], lines[3], *lines[4:]]), encoding="utf-8")
    with pytest.raises(DrgError) as stopped:
        regions.take_in(opened(own))
    assert "adrg.csv line 5" in stopped.value.message()


def test_another_scheme_for_the_run_replaces_what_the_law_names(own: Path, tmp_path: Path) -> None:
    another_scheme(own)
    elsewhere = tmp_path / "elsewhere"
    shutil.move(own / "schemes" / "next", elsewhere)
    region = opened(own, scheme=f"{elsewhere}/")
    regions.settle(region, MONTHS[:1], through="grouping.grouped_case")
    assert regions.rows(own, "select distinct scheme from grouping.grouped_case where month = '2025-01'") == [
        ("next",)
    ]
