"""Small inputs as they were found in the field, each with what must be said of it: whose claim a version is."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from support import regions

from drg_pipeline.region import Region

CHECKED = "quality.claim_status"
# Folder of the samples -> checks that fail, and how many versions stand refused by each.
FOUND = {
    "P12-one-id-two-hospitals": {"identity_conflict": 1},
    "P13-refund-and-settle-again": {"refund": 1, "refunded": 1},
    # The second settlement was uploaded long before it.
    "P15-settled-in-two-months": {"duplicate_settlement": 1, "settlement_implausible": 1},
    "P20-rejected-child-rows": {"child_row_rejected": 2},
    "P24-date-outside": {"settlement_implausible": 2},
}
ASKED = (
    *("identity_conflict", "refund", "refunded", "duplicate_settlement", "child_row_rejected"),
    *("settlement_implausible", "version_disagrees", "refund_unpaired"),
)


def found(samples: Path, folder: Path, name: str, **deliveries: str) -> dict[str, int]:
    """How often each check fails, of a finding's deliveries in the reference files of the third region."""
    source = next((samples / "findings" / "claims").glob(f"{name}*"))
    shutil.copytree(samples / "examples" / "region-3" / "reference", folder / "reference")
    for label, given in (deliveries or {"2025-06/main": "delivery"}).items():
        shutil.copytree(source / given, folder / "inbox" / label)
    region = Region(regions.settings(folder))
    regions.take_in(region)
    months = sorted(
        str(month)
        for (month,) in regions.rows(folder, "select distinct settlement_month from claims.version_index")
    )
    if not months:
        return {}
    regions.settle(region, months, through=CHECKED)
    rows = regions.rows(folder, "select check_id, count(*) from quality.claim_check group by all")
    return {str(check): int(str(count)) for check, count in rows if check in ASKED}


@pytest.mark.parametrize("name", sorted(FOUND))
def test_what_was_found_has_its_name(samples: Path, tmp_path: Path, name: str) -> None:
    assert found(samples, tmp_path, name) == FOUND[name]


def test_ids_that_have_lost_digits_are_no_claim(samples: Path, tmp_path: Path) -> None:
    assert found(samples, tmp_path, "P17") == {}
    told = "select count(*) from claims.version_index where setl_id like '%E+%'"
    assert regions.rows(tmp_path, told) == [(0,)]


def test_two_deliveries_that_disagree_are_named(samples: Path, tmp_path: Path) -> None:
    both = {"2025-06/fix-9": "fix-9", "2025-06/fix-10": "fix-10"}
    assert found(samples, tmp_path, "P18", **both) == {"version_disagrees": 1}


def test_a_delivery_without_the_platform_s_groups_is_ungrouped(samples: Path, tmp_path: Path) -> None:
    """Beside another one that has them."""
    regions.deliver(tmp_path, "2025-06/other", regions.Claim("Z"))
    assert found(samples, tmp_path, "P21") == {}
    told = "select status, count(*) from grouping.grouped_case where setl_id <> 'Z' group by all"
    assert {status for status, _ in regions.rows(tmp_path, told)} == {"ungrouped"}
