"""Every fault that is made up is found by its check, every spelling is read, and no record is lost.

What each fault looks like in the files is in tests/machinery/test_generate.py.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from support import regions
from support.generated import like, make

from drg_pipeline.periods import Period
from drg_pipeline.region import Region
from drg_pipeline.synthetic.parameters import FLAWS

MONTHS = ["2025-01", "2025-02"]
OFTEN = {
    "flaws": "0.012",
    "flaws.fee_per_day": "0.1",
    "rates.newborn_incomplete": "0.5",
    "rates.refunded": "0.03",
    "rates.twice_in_delivery": "0.03",
    "rates.settled_twice": "0.03",
    "rates.id_given_twice": "0.02",
    "rates.settled_far": "0.02",
    "rates.torn": "0.02",
    "rates.told_otherwise": "1",
    "rates.late": "0",
    "rates.very_late": "0",
    "rates.corrected": "0",
    "rates.corrected_flaw": "0",
    "rates.delivered_again": "0.02",
    "spellings": "0.05",
}
# Checks that find a fault of another name too: a refund is negative, a stay of the same person overlaps, …
ALSO = {"duplicate_in_delivery", "fee_below_floor", "overlapping_stay"}
# What is found of claims that other claims or other records touch.
ALSO |= {"refund", "refunded", "duplicate_settlement", "identity_conflict", "child_row_rejected"}
ALSO |= {"settlement_implausible", "version_disagrees"}


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("faulty")
    told = make(
        folder,
        like=like(folder / "parameters", OFTEN),
        claims=1500,
        hospitals=8,
        first_month=Period.of(MONTHS[0]),
        last_month=Period.of(MONTHS[1]),
    )
    opened = Region(regions.settings(folder, grouping="scheme"))
    regions.settle(opened, MONTHS, through="quality.claim_check")
    regions.compute(opened, ["claims.rejected_row", "claims.normalised_value"], MONTHS)
    return folder, told


def test_every_fault_is_found_by_its_check(region: tuple[Path, dict[str, Any]]) -> None:
    folder, told = region
    checks = {
        check for (check,) in regions.rows(folder, "SELECT DISTINCT check_id FROM policy.quality_check")
    }
    made = {flaw for flaw in FLAWS if not flaw.startswith("unreadable")} | {"newborn_incomplete"}
    assert made | ALSO <= checks
    found = Counter(
        {
            str(check): int(str(count))
            for check, count in regions.rows(
                folder, "SELECT check_id, count(*) FROM quality.claim_check GROUP BY 1"
            )
        }
    )
    assert made | ALSO <= found.keys() <= checks
    assert {
        flaw: (found[flaw], told["flaws"][flaw]) for flaw in made if found[flaw] < told["flaws"][flaw]
    } == {}
    exact = {"fee_sum_mismatch", "hospital_unknown", "sex_invalid", "insutype_invalid", "not_drg_scheme"}
    exact |= {"field_count", "required_field_missing", "code_value_domain"}
    assert {flaw: found[flaw] for flaw in exact} == {flaw: told["flaws"][flaw] for flaw in exact}
    assert found["fee_below_floor"] == told["refunds"] > 10


def test_every_unreadable_record_is_rejected_with_its_reason(region: tuple[Path, dict[str, Any]]) -> None:
    folder, told = region
    reasons = {
        "unreadable_date": ("setl_end_date", "day is out of range for month"),
        "unreadable_amount": ("medfee_sumamt", "more than two decimals"),
        "unreadable_number": ("medfee_sumamt", "not an amount"),
        "unreadable_empty": ("medfee_sumamt", "empty"),
        "unreadable_quoting": ("setl_id", "broken quoting"),
        "unreadable_byte": ("setl_id", "NUL byte"),
    }
    rejected = regions.rows(
        folder, "SELECT column_name, reason, count(*) FROM claims.rejected_row GROUP BY ALL"
    )
    found = {(column, reason): count for column, reason, count in rejected}
    # A payment that cannot be read tears its claim.
    assert found.pop(("fund_payamt", "not an amount")) > 10
    assert found == {place: told["flaws"][flaw] for flaw, place in reasons.items()}


def test_every_spelling_is_read_and_counted(region: tuple[Path, dict[str, Any]]) -> None:
    folder, _ = region
    counted = regions.rows(
        folder,
        "SELECT regexp_extract(file, '([a-z]+)[.]csv', 1), column_name, sum(changed)::BIGINT "
        "FROM claims.normalised_value GROUP BY ALL",
    )
    spelt = {
        ("setlinfo", "setl_id"), ("setlinfo", "psn_no"), ("setlinfo", "insuplc"), ("setlinfo", "fixmedins_code"),
        ("setlinfo", "gend"), ("setlinfo", "insutype"), ("setlinfo", "hi_paymtd"),
        ("payinfo", "fund_pay_type"), ("drginfo", "drg_code"),
    }  # fmt: skip
    assert {(file, column) for file, column, _ in counted} == spelt
    assert sum(int(str(cells)) for *_, cells in counted) > 100
