"""What partitions rest on, and computing them outside the scheduler."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.periods import periods
from support.small_lake import MONTHS, Lake

from drg_pipeline.errors import DrgError
from drg_pipeline.lake.needs import needed, recompute
from drg_pipeline.periods import WHOLE, Period


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(tmp_path)
    lake.side([*(f"2024-{month:02d}" for month in range(1, 13)), *MONTHS])
    lake.deliver("2024-05/d1", [(9, 90, "2024-05")])
    lake.deliver("2025-01/d1", [(1, 10, "2025-01"), (2, 20, "2025-02")])
    return lake


def test_a_month_needs_what_its_headers_name_and_nothing_else(lake: Lake) -> None:
    plan = needed(lake.engine, {"late.running": periods("2025-03")})
    months = periods("2025-01", "2025-02", "2025-03")
    assert plan["early.month_sum"] == plan["early.row"] == months
    assert plan["late.running"] == periods("2025-03")
    assert plan["side.entry"] == months
    assert plan["early.version"] == plan["raw.entry"] == [WHOLE]
    assert "late.yearly" not in plan
    # The year is the one that the month's own row names.
    bound = needed(lake.engine, {"late.bound": periods("2025-03")})
    assert bound["late.yearly"] == periods("2024")
    assert bound["early.month_sum"] == Period.of("2024").months


def test_what_is_taken_as_it_is_is_not_followed(lake: Lake) -> None:
    plan = needed(lake.engine, {"late.bound": periods("2025-03")}, ends=["late.yearly"])
    assert plan == {
        "side.entry": periods("2025-03"),
        "late.yearly": periods("2024"),
        "late.bound": periods("2025-03"),
    }


def test_a_plan_is_computed_in_order_and_again_only_where_it_would_change(lake: Lake) -> None:
    plan = needed(lake.engine, {"late.running": periods("2025-02"), "late.bound": periods("2025-02")})
    assert list(recompute(lake.engine, plan)) == [name for name in plan if name in lake.engine.project.models]
    assert lake.rows("late.running") == [("2025-02", 30, 2)]
    assert lake.rows("late.bound") == [("2025-02", 90)]
    assert recompute(lake.engine, plan, stale_only=True) == {}
    lake.deliver("2025-02/d2", [(3, 5, "2025-02")])
    again = recompute(lake.engine, plan, stale_only=True)
    assert {table: [outcome.partition for outcome in found] for table, found in again.items()} == {
        "early.version": [WHOLE],
        "early.row": periods("2025-02"),
        "early.month_sum": periods("2025-02"),
        "late.running": periods("2025-02"),
    }
    assert lake.rows("late.running") == [("2025-02", 35, 2)]


def test_what_a_check_refuses_stops_the_plan(lake: Lake) -> None:
    lake.deliver("2025-02/d2", [(3, -5, "2025-02")])
    plan = needed(lake.engine, {"late.running": periods("2025-02")})
    with pytest.raises(DrgError, match=r"early\.row was not published for 2025-02"):
        recompute(lake.engine, plan)
    assert lake.store.partitions("late.running", "month") == {}
