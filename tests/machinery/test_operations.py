"""Schedules, chains, retries and the failure hook, through Dagster's own test contexts.

No daemon runs here, and no claim is computed; see tests/end_to_end/test_daemon.py. The inbox has
test_inbox_sensor.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test
from support import regions
from support.regions import Claim, deliver

from drg_pipeline.assets.chain import Chain, Goal
from drg_pipeline.assets.factory import take_in_config
from drg_pipeline.assets.operations import (
    ALONE,
    CHAIN,
    GOAL,
    LINK,
    Operations,
    operations_from,
)
from drg_pipeline.assets.run_days import is_open, latest_day_of_month, run_day
from drg_pipeline.definitions import build
from drg_pipeline.errors import WrongUse
from drg_pipeline.periods import Period
from drg_pipeline.region import Region

NAME = regions.NAME
HERE = ZoneInfo("Asia/Shanghai")
AT_ONCE = Operations(quiet_seconds=0, open_from=Period.of("2025-01"))


@cache
def repository_of(region: Region, operations: Operations = AT_ONCE) -> dg.RepositoryDefinition:
    """The code location of a region, assembled once."""
    return build([region], operations).get_repository_def()


# -- the law's days ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "period", "day"),
    [
        # The last upload deadline is the fifth working day after 31 March 2025: 1, 2, 3, 7, 8 April (4 to 6 are
        # holidays). Ten working days on: 9, 10, 11, 14, 15, 16, 17, 18, 21, 22.
        ("month", "2025-03", "2025-04-22"),
        # 30 September: 9, 10, 11 (made up), 13, 14 October; 15, 16, 17, 20, 21, 22, 23, 24, 27, 28.
        ("month", "2025-09", "2025-10-28"),
        ("calibration", "2026", "2026-02-01"),  # the day after 31 January of the year
        ("clearing", "2025", "2026-02-01"),  # the day after 31 January of the year that follows
    ],
)
def test_a_period_is_run_on_the_day_that_the_law_counts(
    region: Region, role: str, period: str, day: str
) -> None:
    assert str(run_day(region.pack, role, Period.of(period), region.side.calendar_days())) == day


def test_another_number_in_the_law_is_another_day(folder: Path) -> None:
    days = "payment_working_days:\n    values:\n      - valid_from: 2026-01-30\n        value: {}\n"
    regions.change_law(folder, "settlement.yml", days.format(10), days.format(1))
    region = Region(regions.settings(folder))
    assert (
        str(run_day(region.pack, "month", Period.of("2025-03"), region.side.calendar_days())) == "2025-04-09"
    )


def test_a_year_is_open_until_the_data_of_its_clearing_are_cut_off(region: Region) -> None:
    assert is_open(region.pack, Period.of("2025-01"), datetime(2026, 1, 31).date())
    assert not is_open(region.pack, Period.of("2025-12"), datetime(2026, 2, 1).date())


def schedule_tick(region: Region, verb: str, instance: dg.DagsterInstance, *at: int) -> Any:
    repository = repository_of(region)
    schedule = repository.get_schedule_def(f"{NAME}_{verb}")
    moment = datetime(*at, tzinfo=HERE)  # type: ignore[arg-type, misc]
    context = dg.build_schedule_context(instance, scheduled_execution_time=moment, repository_def=repository)
    data = schedule.evaluate_tick(context)
    return [request.partition_key for request in data.run_requests or ()] or data.skip_message


def test_the_month_s_schedule_fires_on_the_law_s_day(region: Region, instance: dg.DagsterInstance) -> None:
    assert schedule_tick(region, "month", instance, 2025, 4, 22, 6) == ["2025-03"]
    # It is still 21 April in UTC at that hour of the 22nd, and the day that counts is the region's.
    assert schedule_tick(region, "month", instance, 2025, 4, 22, 0) == ["2025-03"]


def test_on_other_days_the_schedule_says_which_month_comes(
    region: Region, instance: dg.DagsterInstance
) -> None:
    publish_months(region, "2025-02")
    said = schedule_tick(region, "month", instance, 2025, 4, 21, 6)
    assert said == "2025-02 had its day on 2025-03-21; 2025-03 has its day on 2025-04-22"


def test_a_day_that_was_missed_is_made_up_for(region: Region, instance: dg.DagsterInstance) -> None:
    assert schedule_tick(region, "month", instance, 2025, 4, 25, 6) == ["2025-03"]
    publish_months(region, "2025-03")
    assert "2025-03 had its day" in schedule_tick(region, "month", instance, 2025, 4, 25, 6)


def test_the_year_s_schedules_fire_the_day_after_the_cut_off(
    region: Region, instance: dg.DagsterInstance
) -> None:
    assert schedule_tick(region, "clear", instance, 2026, 2, 1, 6) == ["2025"]
    assert schedule_tick(region, "calibrate", instance, 2026, 2, 1, 6) == ["2026"]


def test_a_schedule_without_a_calendar_fails_loudly(region: Region, instance: dg.DagsterInstance) -> None:
    with pytest.raises(Exception, match="evaluation of schedule") as caught:
        schedule_tick(region, "month", instance, 2040, 1, 20, 6)
    told = str(caught.value.__cause__)
    assert "the working-day calendar has no 2039" in told and "workday.csv" in told


def publish_months(region: Region, month: str) -> None:
    """Stand-ins for the month's tables: only whether they are there is looked at."""
    for table in Chain(region).jobs["months"].tables:
        path = region.store.file(table, Period.of(month))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_settlement_tables_say_until_when_they_should_have_been_renewed(region: Region) -> None:
    found = latest_day_of_month(region.pack, 2026)
    assert found is not None and found[0] == 28 and found[1].days == 27
    graph = build([region]).resolve_asset_graph()
    policies = {key.to_user_string(): graph.get(key).freshness_policy for key in graph.get_all_asset_keys()}
    fresh = {name: policy.deadline_cron for name, policy in policies.items() if policy}
    # The tables of months: the year's budget by month is renewed with its year.
    models = region.project.models.values()
    monthly = [model for model in models if model.layer == "settlement" and model.partition == "month"]
    assert fresh == {f"{NAME}/{model.layer}/{model.table}": "59 23 28 * *" for model in monthly}


def test_a_calendar_that_has_ended_sets_no_day_and_stops_no_look_at_old_months(region: Region) -> None:
    assert latest_day_of_month(region.pack, 2099) is None


# -- chains ------------------------------------------------------------------------------------


@pytest.fixture
def next_link(region: Region, instance: dg.DagsterInstance) -> Callable[..., dg.RunRequest | str]:
    """What follows a run of a job that has succeeded."""
    sensor = repository_of(region).get_sensor_def(f"{NAME}_chain")

    def follow(
        job: str, tags: Mapping[str, str], run_config: Mapping[str, Any] | None = None
    ) -> dg.RunRequest | str:
        run = create_run_for_test(
            instance,
            job,
            tags=dict(tags),
            run_config=dict(run_config or {}),
            status=dg.DagsterRunStatus.SUCCESS,
        )
        event = dg.DagsterEvent(dg.DagsterEventType.PIPELINE_SUCCESS.value, job)
        context = dg.build_run_status_sensor_context(
            sensor_name=sensor.name, dagster_event=event, dagster_instance=instance, dagster_run=run
        )
        answer = sensor(context)
        if isinstance(answer, dg.SkipReason):
            return answer.skip_message or ""
        assert isinstance(answer, dg.RunRequest)
        return answer

    return follow


def test_a_year_s_chain_asks_for_one_link_after_the_other(
    next_link: Callable[..., dg.RunRequest | str],
) -> None:
    """On an empty lake everything is stale, and each link is taken for done."""
    request = next_link(f"{NAME}_clear", {"dagster/partition": "2025"})
    seen = []
    while isinstance(request, dg.RunRequest):
        tags = dict(request.tags)
        first, last = (tags.get(f"dagster/asset_partition_range_{end}", "") for end in ("start", "end"))
        seen.append((tags[LINK], request.job_name, request.partition_key or f"{first}..{last}"))
        assert tags[GOAL] == "clearing 2025"
        if request.partition_key:
            tags["dagster/partition"] = request.partition_key
        request = next_link(str(request.job_name), tags)
    assert seen == [
        ("1", f"{NAME}_take_in", ".."),
        ("2", f"{NAME}_history", "2022-01..2024-12"),
        ("3", f"{NAME}_calibration", "2025"),
        ("4", f"{NAME}_months", "2025-01..2025-12"),
        ("5", f"{NAME}_clearing", "2025"),
    ]
    assert request.endswith("(clearing 2025) is done")


def test_a_month_s_chain_brings_the_months_before_it(
    next_link: Callable[..., dg.RunRequest | str],
) -> None:
    tags = {CHAIN: "c", GOAL: "months 2025-03", LINK: "3", "dagster/partition": "2025"}
    request = next_link(f"{NAME}_calibration", tags)
    assert isinstance(request, dg.RunRequest)
    assert request.tags["dagster/asset_partition_range_start"] == "2025-01"
    assert request.tags["dagster/asset_partition_range_end"] == "2025-03"
    assert request.tags[ALONE] == f"{NAME} 2025..2025"
    assert (request.tags[CHAIN], request.tags[LINK]) == ("c", "4")


def test_what_arrived_is_followed_by_the_open_months_it_touches(
    folder: Path, next_link: Callable[..., dg.RunRequest | str]
) -> None:
    deliver(folder, "2025-03/first", Claim("A"), Claim("B"))
    # A correction moves A to April: March changes as well.
    moved = {"setl_end_date": "2025-04-02", "dcla_time": "2025-03-15 12:00:00"}
    deliver(folder, "2025-04/later", Claim("A", setlinfo=moved))
    deliver(folder, "2024-12/old", Claim("C", setlinfo={"setl_end_date": "2024-12-30"}))
    region = Region(regions.settings(folder))
    regions.take_in(region)
    tags = {CHAIN: "c", GOAL: "arrived", LINK: "1"}
    request = next_link(f"{NAME}_take_in", tags, take_in_config(NAME, ["2025-04/later"]))
    assert isinstance(request, dg.RunRequest)
    assert request.tags[GOAL] == "months 2025-03..2025-04" and request.job_name == f"{NAME}_history"
    said = next_link(f"{NAME}_take_in", tags, take_in_config(NAME, ["2024-12/old"]))
    assert said == "no open month is touched by 2024-12/old"


def test_a_run_that_is_no_link_is_left_alone(next_link: Callable[..., dg.RunRequest | str]) -> None:
    assert "is no link of a chain" in str(next_link(f"{NAME}_take_in", {}))
    # The command line's chains go on by themselves.
    assert "is no link of a chain" in str(next_link(f"{NAME}_take_in", {CHAIN: "c", LINK: "1"}))


@pytest.mark.parametrize("text", ["months 2025-01..2025-03,2025-07", "clearing 2025", "months 2025-02"])
def test_a_goal_is_read_as_it_is_written(text: str) -> None:
    assert str(Goal.of(text)) == text


def test_a_month_before_the_lake_s_first_begins_no_chain(region: Region) -> None:
    with pytest.raises(WrongUse, match="There is no partition for 2020-12"):
        Chain(region).check(Goal("months", (Period.of("2020-12"),)))


# -- what operators set -----------------------------------------------------------------------


def test_the_variables_of_operations() -> None:
    assert operations_from({}) == Operations()
    assert operations_from({"DRG_AUTOMATIC": "yes", "DRG_QUIET_SECONDS": "5"}).automatic
    with pytest.raises(WrongUse) as caught:
        operations_from({"DRG_HOUR": "24", "DRG_TIME_ZONE": "Mars", "DRG_OPEN_FROM": "2025-13"})
    assert len(caught.value.faults) == 3
