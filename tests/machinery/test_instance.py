"""The Dagster instance of a lake: what it is made of, and the runs whose process is gone. No region is opened."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.events import AssetMaterializationPlannedData, EngineEventData
from dagster._core.launcher.base import WorkerStatus
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus
from dagster._core.storage.tags import GRPC_INFO_TAG
from dagster._core.test_utils import create_run_for_test

from drg_pipeline.assets.event_log import BATCH_VARIABLE, LocalEventLogStorage
from drg_pipeline.assets.instance import open_instance
from drg_pipeline.assets.operations import ALONE, RANGE_END, RANGE_START
from drg_pipeline.assets.processes import PROCESS, LocalRunLauncher, is_there, own_process


def test_the_queue_never_takes_two_runs_of_one_partition(tmp_path: Path) -> None:
    instance = open_instance(tmp_path)
    config = instance.get_concurrency_config().run_queue_config
    assert config is not None and config.max_concurrent_runs == 2
    limited = {
        limit["key"] for limit in config.tag_concurrency_limits if limit["value"]["applyLimitPerUniqueValue"]
    }
    assert limited >= {"dagster/partition", ALONE}
    assert instance.run_retries_enabled and instance.run_monitoring_enabled


def test_the_lake_s_instance_is_made_of_the_project_s_own_classes(tmp_path: Path) -> None:
    instance = open_instance(tmp_path)
    assert type(instance.event_log_storage) is LocalEventLogStorage
    assert type(instance.run_launcher) is LocalRunLauncher


def test_a_check_is_planned_once_a_run_whatever_its_partitions(tmp_path: Path) -> None:
    months = dg.MonthlyPartitionsDefinition("2025-01", fmt="%Y-%m")

    @dg.asset(
        partitions_def=months,
        check_specs=[dg.AssetCheckSpec("whole", asset="one")],
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def one() -> Iterator[Any]:
        yield dg.AssetCheckResult(passed=True)
        yield dg.MaterializeResult()

    instance = open_instance(tmp_path)
    dg.materialize([one], instance=instance, tags={RANGE_START: "2025-01", RANGE_END: "2025-03"})
    log = instance.event_log_storage
    (record,) = log.get_asset_check_execution_history(dg.AssetCheckKey(dg.AssetKey("one"), "whole"), limit=9)
    assert record.status is AssetCheckExecutionRecordStatus.SUCCEEDED and record.partition is None


def written(lake: Path) -> dict[str, list[tuple[Any, ...]]]:
    """What one run wrote into the files of the event log, without what is new in each run."""
    files = lake / ".dagster" / "history" / "runs"
    (run,) = (path for path in files.glob("*.db") if path.name != "index.db")
    event = "select dagster_event_type, asset_key, partition, step_key from event_logs order by id"
    asked = {
        "run": (run, event),
        "index": (files / "index.db", event),
        "assets": (
            files / "index.db",
            "select asset_key, json_extract(last_materialization, '$.event_log_entry.dagster_event"
            ".event_specific_data.materialization.partition'), last_run_id is not null from asset_keys",
        ),
        "tags": (
            files / "index.db",
            "select t.asset_key, e.partition, t.key from asset_event_tags as t "
            "inner join event_logs as e on e.id = t.event_id order by t.event_id, t.key",
        ),
        "checks": (
            files / "index.db",
            "select c.asset_key, check_name, c.partition, execution_status, e.dagster_event_type "
            "from asset_check_executions as c inner join event_logs as e on e.id = evaluation_event_storage_id",
        ),
    }
    found = {}
    for name, (file, query) in asked.items():
        with closing(sqlite3.connect(file)) as con:
            found[name] = con.execute(query).fetchall()
    return found


def test_events_stored_together_are_those_stored_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    months = dg.MonthlyPartitionsDefinition("2025-01", fmt="%Y-%m")

    @dg.asset(partitions_def=months, backfill_policy=dg.BackfillPolicy.single_run())
    def first() -> None:
        pass

    @dg.asset(
        partitions_def=months,
        deps=[first],
        check_specs=[dg.AssetCheckSpec("whole", asset="second")],
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def second() -> Iterator[Any]:
        yield dg.AssetCheckResult(passed=True)
        yield dg.MaterializeResult()

    found = {}
    for size in ("0", "2", "1000"):
        monkeypatch.setenv(BATCH_VARIABLE, size)
        lake = tmp_path / size
        instance = open_instance(lake)
        tags = {RANGE_START: "2025-01", RANGE_END: "2025-05"}
        assert dg.materialize([first, second], instance=instance, tags=tags).success
        instance.dispose()
        found[size] = written(lake)
    assert found["1000"] == found["2"] == found["0"]
    kinds = [row[0] for row in found["1000"]["index"]]
    assert kinds.count("ASSET_MATERIALIZATION") == kinds.count("ASSET_MATERIALIZATION_PLANNED") == 10
    assert found["1000"]["assets"] == [('["first"]', "2025-05", 1), ('["second"]', "2025-05", 1)]


def test_of_events_that_cannot_be_stored_together_nothing_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = open_instance(tmp_path).event_log_storage
    assert isinstance(log, LocalEventLogStorage)

    def fails(*given: Any) -> None:
        raise OSError("no room")

    events = [
        dg.EventLogEntry(
            error_info=None,
            level="debug",
            user_message="",
            run_id="some",
            timestamp=time.time(),
            dagster_event=dg.DagsterEvent(
                dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED.value,
                "some",
                event_specific_data=AssetMaterializationPlannedData(dg.AssetKey("one"), partition=month),
            ),
        )
        for month in ("2025-01", "2025-02")
    ]
    with monkeypatch.context() as patched:
        patched.setattr(log, "_store_asset_event", fails)
        with pytest.raises(OSError):
            log.store_event_batch(events)
    planned = dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED
    assert log.get_logs_for_run("some") == []
    assert log.get_event_records(dg.EventRecordsFilter(planned)) == []
    log.store_event_batch(events)
    assert (
        len(log.get_logs_for_run("some")) == len(log.get_event_records(dg.EventRecordsFilter(planned))) == 2
    )


def test_a_run_is_marked_as_failed_before_its_failure_is_told(tmp_path: Path) -> None:
    """The daemon that retries reads the event once, and then the run."""
    instance = open_instance(tmp_path)
    run = create_run_for_test(instance, "some", status=dg.DagsterRunStatus.STARTED)
    told = dg.DagsterEvent(dg.DagsterEventType.PIPELINE_FAILURE.value, "some", message="its process is gone")
    entry = dg.EventLogEntry(
        error_info=None,
        level="error",
        user_message="",
        run_id=run.run_id,
        timestamp=time.time(),
        dagster_event=told,
    )
    instance.event_log_storage.store_event(entry)
    found = instance.get_run_by_id(run.run_id)
    assert found is not None and found.status is dg.DagsterRunStatus.FAILURE


def test_a_run_whose_process_is_gone_gives_its_place_free(tmp_path: Path) -> None:
    instance = open_instance(tmp_path)
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    here, started = own_process()[PROCESS], dg.DagsterRunStatus.STARTED
    left = f"{here.split()[0]} {gone.pid}"
    runs = {
        tag: create_run_for_test(instance, "some", tags={PROCESS: tag}, status=started).run_id
        for tag in (left, here, "elsewhere 1")
    }
    open_instance(tmp_path)
    status = {tag: instance.get_run_by_id(run).status.value for tag, run in runs.items()}  # type: ignore[union-attr]
    assert status == {left: "FAILURE", here: "STARTED", "elsewhere 1": "STARTED"}


def test_the_monitor_is_told_of_a_queued_run_whose_process_is_gone(tmp_path: Path) -> None:
    instance = open_instance(tmp_path)
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    found = {}
    for pid in (gone.pid, os.getpid(), None):
        tags = {GRPC_INFO_TAG: "{}"}
        run = create_run_for_test(instance, "some", tags=tags, status=dg.DagsterRunStatus.STARTED)
        if pid:
            instance.report_engine_event("Started process", run, EngineEventData.in_process(pid))
        found[pid] = instance.run_launcher.check_run_worker_health(run).status
    # A run that has not said yet which process it is may be anywhere.
    here, lost = WorkerStatus.RUNNING, WorkerStatus.FAILED
    assert found == {gone.pid: lost, os.getpid(): here, None: here}


@pytest.mark.skipif(not Path("/proc/self/stat").is_file(), reason="when a process began is known by /proc")
def test_another_process_of_the_same_number_is_not_the_run_s() -> None:
    assert is_there(os.getpid(), time.time())
    assert not is_there(os.getpid(), 0.0)
    dead = subprocess.Popen([sys.executable, "-c", ""])
    while Path(f"/proc/{dead.pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
        time.sleep(0.01)
    assert not is_there(dead.pid, None)
    dead.wait()
