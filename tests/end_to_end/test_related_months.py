"""Months that look at each other's claims, for refunds and stays settled twice: what a later delivery touches, and
closings of such months and of their year, computed again from themselves."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import regions
from support.periods import month_texts, periods
from support.regions import Claim

from drg_pipeline.closings.projects import Projects
from drg_pipeline.closings.replay import replay
from drg_pipeline.closings.seal import close
from drg_pipeline.periods import Period
from drg_pipeline.region import Region

YEAR = "2025"
# Months with refunds, second settlements and foreign versions whose other halves lie in other months or years.
RELATED = ("2025-01", "2025-09")
JUDGED = "quality.claim_status"


@pytest.fixture(scope="module")
def year(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example region with its cleared year; read only."""
    return regions.shared(tmp_path_factory, "region-3", regions.example_of_identity(samples))


def test_months_and_a_year_with_refunds_are_computed_again_from_their_closings(
    year: Path, tmp_path: Path
) -> None:
    regions.copy(year, tmp_path)
    projects = Projects()
    for month in month_texts(YEAR):
        close(Region(regions.settings(tmp_path)), Period.of(month))
    close(Region(regions.settings(tmp_path)), Period.of(YEAR))
    for period in (*RELATED, YEAR):
        found = replay(regions.settings(tmp_path), Period.of(period), projects=projects)
        assert found.identical, found.summary()


# Five working days after the 10th of March end on the 17th.
STAY = Claim("A")
REFUND = Claim(
    "R",
    {"psn_no": "P-A", "setl_end_date": "2025-04-01", "dcla_time": "2025-03-15 09:00:00"},
    "-9000.00",
    "-6000.00",
)
SECOND = Claim("B", {"psn_no": "P-A", "setl_end_date": "2025-05-02", "dcla_time": "2025-03-16 09:00:00"})
OTHER = Claim("C", {"setl_end_date": "2025-05-02", "dcla_time": "2025-03-16 09:00:00"})
MONTHS = month_texts("2025-03..2025-05")


def judged(folder: Path) -> dict[str, tuple[object, ...]]:
    rows = regions.rows(folder, f"select setl_id, month, status, reason, in_month from {JUDGED} order by all")
    return {str(claim): tuple(rest) for claim, *rest in rows}


def settled(folder: Path) -> Region:
    region = Region(regions.settings(folder))
    regions.settle(region, MONTHS, through=JUDGED)
    return region


def test_a_later_delivery_touches_the_months_that_look_at_its_claims(tmp_path: Path) -> None:
    regions.empty(tmp_path)
    regions.deliver(tmp_path, "2025-03/d1", STAY)
    regions.deliver(tmp_path, "2025-05/d1", OTHER)
    region = settled(tmp_path)
    assert region.engine.stale(JUDGED, periods(*MONTHS)) == []
    # Settled in April, it takes back what March has settled; May has nothing to do with it.
    regions.deliver(tmp_path, "2025-04/d1", REFUND)
    regions.take_in(region)
    touched = {
        str(month)
        for table in ("quality.claim_check", "claims.setlinfo")
        for month in region.engine.stale(table, periods(*MONTHS))
    }
    assert touched == {"2025-03", "2025-04"}


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_the_order_of_deliveries_changes_nothing(tmp_path: Path, order: tuple[int, ...]) -> None:
    """A stay, its refund, and the stay settled again: whichever comes first, one of them is paid."""
    regions.empty(tmp_path)
    deliveries = (("2025-03/d1", STAY), ("2025-04/d1", REFUND), ("2025-05/d1", SECOND))
    for place in order:
        regions.deliver(tmp_path, *deliveries[place])
        settled(tmp_path)
    found = judged(tmp_path)
    assert {claim: told[:1] + told[2:3] for claim, told in found.items()} == {
        "A": ("2025-03", "refunded"),
        "R": ("2025-04", "refund"),
        "B": ("2025-05", found["B"][2]),
    }
    assert found["B"][2] not in ("duplicate_settlement", "refunded")


def test_a_stay_has_one_keeper_whichever_month_looks(tmp_path: Path) -> None:
    regions.empty(tmp_path)
    # Of a hospital that nobody knows no settlement would stand.
    (tmp_path / "reference" / "hospital.csv").write_text(
        "fixmedins_code,name,level,kind,agreement_status,valid_from,valid_to\n"
        "H41900100003,示范区妇幼保健院,secondary,public,active,2020-01-01,\n",
        encoding="utf-8",
    )
    regions.deliver(tmp_path, "2025-05/d1", SECOND)
    regions.deliver(tmp_path, "2025-03/d1", STAY)
    settled(tmp_path)
    told = regions.rows(
        tmp_path, "select month, setl_id, keeper_setl_id from stay.second_settlement order by all"
    )
    assert told == [("2025-03", "B", "A"), ("2025-05", "B", "A")]
    assert judged(tmp_path)["B"][2] == "duplicate_settlement"
