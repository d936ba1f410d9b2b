"""The inbox sensor: what it requests, what it waits for, and what it says of all else.

No daemon runs here; see tests/end_to_end/test_daemon.py.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test
from support import regions
from support.regions import Claim, deliver

from drg_pipeline.assets import inbox_sensor
from drg_pipeline.assets.factory import landing_asset, take_in_config
from drg_pipeline.assets.instance import open_instance
from drg_pipeline.assets.operations import ALONE, GOAL, Operations
from drg_pipeline.assets.processes import own_process
from drg_pipeline.definitions import build
from drg_pipeline.errors import DrgError
from drg_pipeline.ingest import landed_manifests
from drg_pipeline.periods import Period
from drg_pipeline.region import Region

NAME = regions.NAME
AT_ONCE = Operations(quiet_seconds=0, open_from=Period.of("2025-01"))


@cache
def repository_of(region: Region, operations: Operations = AT_ONCE) -> dg.RepositoryDefinition:
    """The code location of a region, assembled once."""
    return build([region], operations).get_repository_def()


def inbox_tick(
    region: Region,
    instance: dg.DagsterInstance,
    cursor: str | None = None,
    operations: Operations = AT_ONCE,
) -> Any:
    repository = repository_of(region, operations)
    sensor = repository.get_sensor_def(f"{NAME}_inbox")
    context = dg.build_sensor_context(instance, cursor=cursor, repository_def=repository)
    return sensor.evaluate_tick(context)


def asked_for(data: Any) -> list[list[str]]:
    op = f"{NAME}__landing_delivery"
    return [request.run_config["ops"][op]["config"]["deliveries"] for request in data.run_requests or ()]


def ended(instance: dg.DagsterInstance, request: Any, status: dg.DagsterRunStatus) -> dg.DagsterRun:
    """A run of a request, as if the queue had run it."""
    return create_run_for_test(
        instance, f"{NAME}_take_in", tags=request.tags, run_config=request.run_config, status=status
    )


def test_a_complete_delivery_is_requested_once(folder: Path, instance: dg.DagsterInstance) -> None:
    region = Region(regions.settings(folder))
    assert inbox_tick(region, instance).skip_message == "nothing new in the inbox"
    deliver(folder, "2025-03/first", Claim("A"))
    data = inbox_tick(region, instance)
    assert asked_for(data) == [["2025-03/first"]]
    (request,) = data.run_requests
    assert request.tags[ALONE] == f"{NAME}_take_in" and request.tags[GOAL] == "arrived"
    # Not started yet: the queue is slow.
    again = inbox_tick(region, instance, data.cursor)
    assert not again.run_requests and "2025-03/first is being taken in" in again.skip_message
    ended(instance, request, dg.DagsterRunStatus.STARTED)
    deliver(folder, "2025-03/second", Claim("B"))
    # One intake at a time: the second waits for the first.
    assert not inbox_tick(region, instance, data.cursor).run_requests


def test_a_half_copied_delivery_is_left_until_it_is_quiet(folder: Path, instance: dg.DagsterInstance) -> None:
    region = Region(regions.settings(folder))
    deliver(folder, "2025-03/first", Claim("A"))
    data = inbox_tick(region, instance, operations=Operations(quiet_seconds=300))
    assert not data.run_requests
    assert "2025-03/first was changed " in data.skip_message
    assert "left until it has been quiet for 300 s" in data.skip_message


def test_an_incomplete_delivery_says_what_is_missing(folder: Path, instance: dg.DagsterInstance) -> None:
    deliver(folder, "2025-03/first", Claim("A"), payinfo=None)
    data = inbox_tick(Region(regions.settings(folder)), instance)
    assert not data.run_requests
    assert data.skip_message == "2025-03/first/payinfo.csv: the file is missing"


def test_a_refused_delivery_waits_until_its_files_change(folder: Path, instance: dg.DagsterInstance) -> None:
    region = Region(regions.settings(folder))
    deliver(folder, "2025-03/bad", Claim("A"), payinfo="a,b\n1,2\n")
    data = inbox_tick(region, instance)
    (request,) = data.run_requests
    result = dg.materialize(
        [landing_asset(region)],
        instance=instance,
        tags=request.tags,
        run_config=request.run_config,
        raise_on_error=False,
    )
    assert not result.success
    again = inbox_tick(region, instance, data.cursor)
    assert not again.run_requests
    assert f"was not taken in by run {result.run_id}" in again.skip_message
    assert "2025-03/bad was not taken in: 1 of its files has a fault." in again.skip_message
    # And it is still remembered at the tick after that.
    assert not inbox_tick(region, instance, again.cursor).run_requests
    deliver(folder, "2025-03/bad", Claim("A"))
    mended = inbox_tick(region, instance, again.cursor)
    assert asked_for(mended) == [["2025-03/bad"]]
    assert mended.run_requests[0].run_key != request.run_key


def test_what_was_landed_beside_a_refused_delivery_goes_on(
    folder: Path, instance: dg.DagsterInstance
) -> None:
    region = Region(regions.settings(folder))
    deliver(folder, "2025-03/bad", Claim("A"), payinfo="a,b\n1,2\n")
    deliver(folder, "2025-03/good", Claim("B"))
    data = inbox_tick(region, instance)
    assert asked_for(data) == [["2025-03/bad", "2025-03/good"]]
    with pytest.raises(DrgError, match="2025-03/bad was not taken in"):
        region.side.take_in(lambda line: None, ["2025-03/bad", "2025-03/good"])
    ended(instance, data.run_requests[0], dg.DagsterRunStatus.FAILURE)
    then = inbox_tick(region, instance, data.cursor)
    assert asked_for(then) == [["2025-03/good"]]
    ended(instance, then.run_requests[0], dg.DagsterRunStatus.SUCCESS)
    last = inbox_tick(region, instance, then.cursor)
    assert not last.run_requests and "2025-03/bad was not taken in" in last.skip_message


def test_a_failure_that_refuses_no_delivery_is_not_repeated_for_ever(
    folder: Path, instance: dg.DagsterInstance
) -> None:
    region = Region(regions.settings(folder))
    deliver(folder, "2025-03/good", Claim("B"))
    data = inbox_tick(region, instance)
    region.side.take_in(lambda line: None)
    ended(instance, data.run_requests[0], dg.DagsterRunStatus.FAILURE)
    then = inbox_tick(region, instance, data.cursor)
    assert not then.run_requests
    assert "2025-03/good is landed, and run" in then.skip_message
    deliver(folder, "2025-03/next", Claim("C"))
    assert asked_for(inbox_tick(region, instance, then.cursor)) == [["2025-03/good", "2025-03/next"]]


def test_a_delivery_that_was_changed_after_it_was_landed_is_told_once(
    folder: Path, instance: dg.DagsterInstance
) -> None:
    region = Region(regions.settings(folder))
    deliver(folder, "2025-03/first", Claim("A"))
    region.side.take_in(lambda line: None)
    assert inbox_tick(region, instance).skip_message == "nothing new in the inbox"
    deliver(folder, "2025-03/first", Claim("A", fee="9001.00"))
    data = inbox_tick(region, instance)
    assert asked_for(data) == [["2025-03/first"]]
    ended(instance, data.run_requests[0], dg.DagsterRunStatus.FAILURE)
    assert not inbox_tick(region, instance, data.cursor).run_requests


# -- runs that are gone ------------------------------------------------------------------------


def refused(folder: Path, instance: dg.DagsterInstance) -> tuple[Region, Any, dg.DagsterRun]:
    """A bad delivery, what the tick answered that requested it, and the run that refused it."""
    region = Region(regions.settings(folder))
    deliver(folder, "2025-03/bad", Claim("A"), payinfo="a,b\n1,2\n")
    data = inbox_tick(region, instance)
    return region, data, ended(instance, data.run_requests[0], dg.DagsterRunStatus.FAILURE)


def test_a_request_whose_run_was_deleted_is_asked_for_again_and_others_go_on(folder: Path) -> None:
    instance = open_instance(folder / "lake")
    region, data, run = refused(folder, instance)
    then = inbox_tick(region, instance, data.cursor)
    assert "2025-03/bad was not taken in by run" in then.skip_message
    instance.delete_run(run.run_id)
    deliver(folder, "2025-03/next", Claim("B"))
    # One look of patience: the daemon may be between a request and its run.
    patient = inbox_tick(region, instance, then.cursor)
    assert not patient.run_requests and "2025-03/bad is being taken in" in patient.skip_message
    again = inbox_tick(region, instance, patient.cursor)
    assert asked_for(again) == [["2025-03/bad", "2025-03/next"]]
    assert again.run_requests[0].run_key != data.run_requests[0].run_key
    # The run of that request is there, and is waited for.
    ended(instance, again.run_requests[0], dg.DagsterRunStatus.STARTED)
    assert "by run" in inbox_tick(region, instance, again.cursor).skip_message


def test_a_run_deleted_twice_is_asked_for_by_a_third_request(
    folder: Path, instance: dg.DagsterInstance
) -> None:
    region, data, run = refused(folder, instance)
    keys = [data.run_requests[0].run_key]
    for _ in range(2):
        instance.delete_run(run.run_id)
        patient = inbox_tick(region, instance, data.cursor)
        data = inbox_tick(region, instance, patient.cursor)
        run = ended(instance, data.run_requests[0], dg.DagsterRunStatus.FAILURE)
        keys.append(data.run_requests[0].run_key)
    assert len(set(keys)) == 3


def test_a_run_that_nobody_queued_is_waited_for_only_so_long(
    folder: Path, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    region = Region(regions.settings(folder))
    deliver(folder, "2025-03/first", Claim("A"))
    data = inbox_tick(region, instance)
    ended(instance, data.run_requests[0], dg.DagsterRunStatus.NOT_STARTED)
    waits = inbox_tick(region, instance, data.cursor)
    assert "is being taken in by run" in waits.skip_message
    later = datetime.now(UTC) + timedelta(seconds=inbox_sensor.LOST_AFTER_SECONDS + 60)
    monkeypatch.setattr(inbox_sensor.time, "time", later.timestamp)
    patient = inbox_tick(region, instance, waits.cursor)
    assert not patient.run_requests
    assert asked_for(inbox_tick(region, instance, patient.cursor)) == [["2025-03/first"]]


def test_a_delivery_that_left_the_inbox_with_its_run_holds_nothing_up(
    folder: Path, instance: dg.DagsterInstance
) -> None:
    region, data, run = refused(folder, instance)
    instance.delete_run(run.run_id)
    for path in (folder / "inbox" / "2025-03" / "bad").iterdir():
        path.unlink()
    (folder / "inbox" / "2025-03" / "bad").rmdir()
    deliver(folder, "2025-03/next", Claim("B"))
    assert asked_for(inbox_tick(region, instance, data.cursor)) == [["2025-03/next"]]


# -- what is no delivery -----------------------------------------------------------------------


def test_a_tick_names_what_is_no_delivery_by_its_name(folder: Path, instance: dg.DagsterInstance) -> None:
    region = Region(regions.settings(folder))
    deliver(folder, "2025-3/first", Claim("A"))
    (folder / "inbox" / "README.md").write_text("x", encoding="utf-8")
    assert inbox_tick(region, instance).skip_message == (
        "2025-3: month folders are named YYYY-MM: was 2025-03 meant?\n"
        "README.md in the inbox is left alone: a file, where month folders stand"
    )
    # A good delivery beside them goes on, and the next tick says the same again.
    deliver(folder, "2025-03/good", Claim("B"))
    data = inbox_tick(region, instance)
    assert asked_for(data) == [["2025-03/good"]]
    ended(instance, data.run_requests[0], dg.DagsterRunStatus.SUCCESS)
    region.side.take_in(lambda line: None, ["2025-03/good"])
    assert "was 2025-03 meant?" in inbox_tick(region, instance, data.cursor).skip_message


def test_a_tick_counts_what_it_does_not_name(folder: Path, instance: dg.DagsterInstance) -> None:
    for number in range(25):
        (folder / "inbox" / f"note-{number:02}.md").write_text("x", encoding="utf-8")
    said = inbox_tick(Region(regions.settings(folder)), instance).skip_message.splitlines()
    assert said[0] == "nothing new in the inbox" and said[-1] == "… and 18 more"
    assert len(said) == inbox_sensor.SHOWN + 1


def test_the_intake_s_metadata_name_what_was_not_taken_in(folder: Path, instance: dg.DagsterInstance) -> None:
    region = Region(regions.settings(folder))
    deliver(folder, "2025-03/first", Claim("A"))
    (folder / "inbox" / "README.md").write_text("x", encoding="utf-8")
    result = dg.materialize([landing_asset(region)], instance=instance)
    (event, *_) = result.asset_materializations_for_node(f"{NAME}__landing_delivery")
    assert event.metadata["not_taken_in"].value == 1
    assert "README.md in the inbox is left alone" in str(event.metadata["in_the_inbox"].value)


def test_an_intake_that_nobody_asked_for_by_name_leaves_what_is_still_arriving(
    folder: Path, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A month's schedule takes in what is complete; the sensor brings the rest."""
    monkeypatch.setenv("DRG_QUIET_SECONDS", "300")
    region = Region(regions.settings(folder))
    deliver(folder, "2025-03/first", Claim("A"))
    said: list[str] = []
    region.report = said.append
    assert dg.materialize([landing_asset(region)], instance=instance).success
    assert landed_manifests(region.settings) == {}
    assert any(line.startswith("2025-03/first was changed ") for line in said)
    asked = take_in_config(NAME, ["2025-03/first"])
    assert dg.materialize([landing_asset(region)], instance=instance, run_config=asked).success
    deliver(folder, "2025-03/second", Claim("B"))
    assert dg.materialize([landing_asset(region)], instance=instance, tags=own_process()).success
    assert sorted(landed_manifests(region.settings)) == ["2025-03/first", "2025-03/second"]
