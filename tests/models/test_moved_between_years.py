"""Claims that a correction moves from one year to another after a year's cut-off.

One fault is known and open (docs/decisions/0005-readings.md): its test says what should hold, and `strict`
reports when it does.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from support.harness import Bench, Run

Version = tuple[str, str]


def cleared(bench: Bench, versions: Sequence[Version]) -> Run:
    """The clearing of one claim with these versions (time of upload, settlement month)."""
    key = {"setl_id": "c"}
    status = {**key, "in_month": 1, "status": "normal", "is_first_late": False}
    status |= {"is_fatal_by_itself": False, "is_ungrouped": False}
    place = {"fixmedins_code": "H1", "pool": "employee_local"}
    following = [at for at, _ in versions[1:]] + [None]
    return bench.run(
        {
            "claims.version_index": [
                {
                    **key,
                    "dcla_time": at,
                    "first_dcla_time": versions[0][0],
                    "next_dcla_time": after,
                    "settlement_month": month,
                    "uploaded_on": at[:10],
                    "is_foreign": False,
                }
                for (at, month), after in zip(versions, following, strict=True)
            ],
            "claims.claim": [{**key, **place, "dcla_time": at, "month": month} for at, month in versions],
            "quality.claim_status": [{**status, "dcla_time": at, "month": month} for at, month in versions],
            "pricing.version_point": [
                {**key, **place, "dcla_time": at, "month": month, "phase": "clearing", "points": 1}
                for at, month in versions
            ],
        },
        ["clearing.claim_version", "clearing.annual_case", "clearing.unsettled_case"],
    )


@pytest.mark.xfail(
    strict=True, reason="the clearing of a year does not know what the year before has cleared"
)
def test_a_claim_moved_to_the_next_year_after_the_cut_off_is_cleared_once(bench: Bench) -> None:
    """The clearing of 2025 uses its first version; that of 2026 finds the correction in its own year."""
    run = cleared(bench, [("2025-12-30 08:00:00", "2025-12"), ("2026-02-05 08:00:00", "2026-01")])
    assert len(run.rows("clearing.annual_case")) == 1


def test_a_claim_moved_to_the_past_year_after_the_cut_off_is_listed(bench: Bench) -> None:
    """It was of 2026 when 2025 was cleared, and is of 2025 when 2026 is: 2025 lists it."""
    run = cleared(bench, [("2026-01-20 08:00:00", "2026-01"), ("2026-02-05 08:00:00", "2025-12")])
    assert not run.rows("clearing.annual_case")
    assert [(row["year"], row["reason"]) for row in run.rows("clearing.unsettled_case")] == [
        (2025, "after_cut_off")
    ]
