"""The example region of what a value is and whose claim it is: every table that is computed today, and its findings."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import regions
from support.expected import CONTRACT, FINDINGS, differences, findings, listed, relation

YEAR = "2025"
# Tables of the contract that nothing computes yet: special cases, supervision, monitoring, and lines of single cases.
NOT_COMPUTED = {
    "clearing.assessment_coefficient",
    "clearing.assessment_indicator",
    "clearing.case_line",
    "clearing.growth",
    "monitoring.fund_balance",
    "monitoring.hospital_quality",
    "monitoring.indicator",
    "monitoring.prepayment",
    "monitoring.watch_list",
    "review.bulletin",
    "review.decision",
    "review.programme",
    "review.quota",
    "supervision.clue",
    "supervision.penalty",
}
COMPARED = sorted(set(CONTRACT) - {"claims.version_index", FINDINGS})
# The findings of whose claim it is, compared one by one; of the others the fatal versions are.
CHECKS = (
    *("identity_conflict", "refund", "refunded", "duplicate_settlement", "child_row_rejected"),
    *("settlement_implausible", "version_disagrees", "refund_unpaired", "refund_after_clearing"),
    *("insuplc_invalid", "fund_pay_type_unknown", "platform_group_invalid"),
)


@pytest.fixture(scope="module")
def year(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The region with its cleared year; read only."""
    return regions.shared(tmp_path_factory, "region-3", regions.example_of_identity(samples))


@pytest.fixture(scope="module")
def expected(samples: Path) -> Path:
    return samples / "examples" / "region-3" / "expected"


@pytest.mark.parametrize("table", COMPARED)
def test_a_table_is_the_expected_one(year: Path, expected: Path, table: str) -> None:
    assert differences(regions.lake_of(year), table, expected / f"{table}.csv", YEAR) == []


def test_every_expected_table_is_compared_or_not_computed(expected: Path) -> None:
    assert {path.stem for path in expected.glob("*.csv")} == {*COMPARED, FINDINGS, *NOT_COMPUTED}


def test_the_versions_with_a_fatal_finding_are_the_expected_ones(year: Path, expected: Path) -> None:
    fatal = "severity = 'fatal'"
    wanted = findings(listed(expected / f"{FINDINGS}.csv"), YEAR, fatal)
    assert findings(relation(regions.lake_of(year), FINDINGS), YEAR, fatal) == wanted
    assert wanted


@pytest.mark.parametrize("check", CHECKS)
def test_a_finding_is_found_where_it_is_expected(year: Path, expected: Path, check: str) -> None:
    of = f"check_id = '{check}'"
    wanted = findings(listed(expected / f"{FINDINGS}.csv"), YEAR, of, "severity")
    assert findings(relation(regions.lake_of(year), FINDINGS), YEAR, of, "severity") == wanted
    assert wanted


def test_nobody_is_in_clear_where_whose_claim_it_is_is_decided(year: Path) -> None:
    """Persons are told apart by their pseudonyms, in tables without months too."""
    for table in (
        "claims.twin_version",
        "claims.refund_pair",
        "stay.second_settlement",
        "claims.stray_version",
    ):
        text = str(regions.rows(year, f"select * from {table}"))
        assert "S33" in text and "P33" not in text, table
