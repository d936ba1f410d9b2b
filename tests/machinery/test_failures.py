"""How a step fails: tried again where that can help, and told in the command line's words."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import dagster as dg
import duckdb
import pytest
from dagster._core.test_utils import create_run_for_test
from support import regions
from support.regions import Claim, deliver

from drg_pipeline.assets import failures
from drg_pipeline.assets.factory import landing_asset
from drg_pipeline.assets.failures import may_pass
from drg_pipeline.definitions import build
from drg_pipeline.errors import DrgError
from drg_pipeline.region import Region

NAME = regions.NAME


def land(region: Region, instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    return dg.materialize([landing_asset(region)], instance=instance, raise_on_error=False)


def log_of(folder: Path) -> list[dict[str, str]]:
    path = folder / "lake" / ".dagster" / failures.LOG
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.is_file() else []


def stops(region: Region, monkeypatch: pytest.MonkeyPatch, *errors: BaseException) -> list[int]:
    """Each try of the intake is stopped by the next error; the tries that were made."""
    tries: list[int] = []
    left = list(errors)

    def take_in(*given: object) -> list[object]:
        tries.append(len(tries) + 1)
        if left:
            raise left.pop(0)
        return []

    monkeypatch.setattr(region.side, "take_in", take_in)
    monkeypatch.setattr(failures, "FIRST_WAIT_SECONDS", 0.01)
    return tries


def test_what_may_pass_is_tried_again(
    folder: Path, region: Region, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = duckdb.IOException('IO Error: Could not set lock on file "x": Conflicting lock is held')
    tries = stops(region, monkeypatch, OSError(errno.EIO, "Input/output error"), locked)
    assert land(region, instance).success
    assert tries == [1, 2, 3]
    assert not log_of(folder)


def test_the_waits_double_and_end(
    folder: Path, region: Region, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = stops(region, monkeypatch, *(OSError(errno.ESTALE, "Stale file handle") for _ in range(9)))
    result = land(region, instance)
    assert not result.success
    assert tries == [1, 2, 3, 4]
    waits = [
        event.step_retry_data.seconds_to_wait
        for event in result.all_events
        if event.event_type == dg.DagsterEventType.STEP_UP_FOR_RETRY
    ]
    assert waits == [0.01, 0.02, 0.04]
    (line,) = log_of(folder)
    assert "Stale file handle" in line["message"]


@pytest.mark.parametrize(
    "error",
    [
        DrgError("A rule stopped it.", ["what"], remedy="Mend it."),
        FileNotFoundError(errno.ENOENT, "No such file or directory"),
        duckdb.ConversionException("Conversion Error: 'x'"),
        TypeError("a fault of the program"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_does_not_pass_is_not_tried_again(
    error: Exception, region: Region, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = stops(region, monkeypatch, error)
    assert not land(region, instance).success
    assert tries == [1]


def test_an_error_that_a_lock_caused_may_pass() -> None:
    def caused(cause: Exception) -> DrgError:
        error = DrgError("It could not be computed.")
        error.__cause__ = cause
        return error

    assert may_pass(caused(OSError(errno.ENOLCK, "No locks available")))
    assert not may_pass(caused(duckdb.ConversionException("Conversion Error: 'x'")))
    assert not may_pass(caused(duckdb.IOException("IO Error: No such file or directory")))


def test_a_failure_is_logged_with_the_command_line_s_message(
    folder: Path, region: Region, instance: dg.DagsterInstance
) -> None:
    deliver(folder, "2025-03/bad", Claim("A"), payinfo="a,b\n1,2\n")
    with pytest.raises(DrgError) as told:
        region.side.take_in(lambda line: None)
    result = land(region, instance)
    (line,) = log_of(folder)
    assert line["message"] == told.value.message()
    assert (line["run"], line["step"]) == (result.run_id, f"{NAME}__landing_delivery")


def test_a_run_that_was_killed_is_listed_without_a_hook(
    folder: Path, region: Region, instance: dg.DagsterInstance
) -> None:
    job = f"{NAME}_months"
    run = create_run_for_test(instance, job, status=dg.DagsterRunStatus.STARTED)
    instance.report_run_failed(run, "its process is gone")
    event = dg.DagsterEvent(dg.DagsterEventType.PIPELINE_FAILURE.value, job, message="its process is gone")
    context = dg.build_run_status_sensor_context(
        sensor_name="run_failures", dagster_event=event, dagster_instance=instance, dagster_run=run
    )
    build([region]).get_repository_def().get_sensor_def("run_failures")(context.for_run_failure())
    (line,) = log_of(folder)
    assert (line["run"], line["job"], line["step"]) == (run.run_id, job, "")
    assert line["message"].endswith("was killed: its process is gone")
