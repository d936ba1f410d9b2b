"""Claims that are delivered otherwise come out alike: twice, in another order, in more parts, renamed.

Months run without Dagster, on the first quarter of the example region.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from zlib import crc32

import pytest
from support import regions

from drg_pipeline.region import Region

MONTH = "2025-03"
MONTHS = ["2025-01", "2025-02", MONTH]
BEHIND_CLAIMS = ("grouping", "quality", "pricing", "settlement")


@pytest.fixture(scope="module")
def quarter(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """January to March, settled; read only."""
    year = regions.shared(tmp_path_factory, "year", regions.example_year(samples))
    return regions.shared(tmp_path_factory, "quarter", regions.first_quarter(year))


@pytest.fixture
def own(quarter: Path, tmp_path: Path) -> Path:
    """A copy of the quarter that a test may change."""
    regions.copy(quarter, tmp_path)
    return tmp_path


def settle(folder: Path, months: list[str]) -> list[str]:
    return regions.settle(Region(regions.settings(folder)), months)


def behind_the_claims(folder: Path) -> dict[str, str]:
    return {
        place: digest
        for layer in BEHIND_CLAIMS
        for place, digest in regions.digests(folder, f"{layer}/*").items()
    }


def test_the_same_delivery_twice_changes_nothing(own: Path) -> None:
    before = behind_the_claims(own)
    regions.copy(own / "inbox" / MONTH / "delivery-1", own / "inbox" / MONTH / "delivery-1-again")
    said = settle(own, [MONTH])
    assert len(before) > 3 * len(BEHIND_CLAIMS)
    assert behind_the_claims(own) == before
    again = [line for line in said if "records taken in" in line]
    assert len(again) == 1 and again[0].startswith(f"{MONTH}/delivery-1-again: ")
    assert Region(regions.settings(own)).side.take_in(said.append) == []


def test_deliveries_may_arrive_in_any_order(quarter: Path, tmp_path: Path) -> None:
    """Names decide, not the order of arrival: every table comes out the same, to the row's place of origin."""
    regions.bare(quarter, tmp_path)
    region = Region(regions.settings(tmp_path))
    deliveries = sorted((quarter / "inbox").glob("*/*"), reverse=True)
    for delivery in deliveries:
        regions.copy(delivery, tmp_path / "inbox" / delivery.parent.name / delivery.name)
        assert len(region.side.take_in(lambda line: None)) == 1
    settle(tmp_path, MONTHS)
    assert len(deliveries) == 10
    assert regions.digests(tmp_path) == regions.digests(quarter)


def test_claims_may_come_in_more_deliveries_under_other_names(quarter: Path, tmp_path: Path) -> None:
    """Each delivery in two, by claim; of those that carry the same version again the last stays the last."""
    regions.bare(quarter, tmp_path)
    names = {"delivery-1": "c", "delivery-2": "b", "delivery-3": "a", "delivery-4": "d"}
    for delivery in (quarter / "inbox").glob("*/*"):
        for path in delivery.glob("*.csv"):
            header, *records = decoded(path)
            for part in range(2):
                target = (
                    tmp_path
                    / "inbox"
                    / delivery.parent.name
                    / f"{names[delivery.name]}-{1 - part}"
                    / path.name
                )
                target.parent.mkdir(parents=True, exist_ok=True)
                with target.open("w", encoding="utf-8", newline="") as file:
                    csv.writer(file).writerows(
                        [header, *(record for record in records if crc32(record[0].encode()) % 2 == part)]
                    )
    settle(tmp_path, MONTHS)
    assert behind_the_claims(tmp_path) == behind_the_claims(quarter)


def decoded(path: Path) -> list[list[str]]:
    """The header and the records of a delivered file; blank lines are none."""
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("gb18030")
    return [record for record in csv.reader(io.StringIO(text, newline="")) if any(record)]
