"""Whose process a run is, and whether it is still there.

A code server tells when a run that it started has died. When both go down together (the machine, the memory),
nobody tells: the run would hold its place in the queue and its partition for a day. Here the process itself
is looked at, by the monitor of the daemon and whenever a lake is opened. Other machines are not judged.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path

import dagster as dg

# What the library's monitor asks a launcher, and the answer, have no public name. Without it a run whose
# machine went down holds its partition until the monitor's limit of a day (tests/long/test_kills.py).
from dagster._core.launcher.base import CheckRunHealthResult, WorkerStatus
from dagster._core.storage.tags import GRPC_INFO_TAG

from drg_pipeline.process import fields_of

PROCESS = "drg/process"
# Clocks of the kernel count in hundredths of a second, and from a boot time in whole seconds.
TOLERATED_SECONDS = 2.0


def own_process() -> dict[str, str]:
    """The tag of runs that are run in this process, which no daemon watches over."""
    return {PROCESS: f"{socket.gethostname()} {os.getpid()}"}


def gone(instance: dg.DagsterInstance, run: dg.DagsterRun) -> int | None:
    """The process of a started run, if it was on this machine and is not there any more."""
    pid = _process_of(instance, run)
    record = instance.get_run_record_by_id(run.run_id)
    since = record.start_time if record else None
    return pid if pid is not None and not is_there(pid, since) else None


def _process_of(instance: dg.DagsterInstance, run: dg.DagsterRun) -> int | None:
    """The process on this machine that works on a run, as far as it is known."""
    if PROCESS in run.tags:
        host, _, pid = run.tags[PROCESS].partition(" ")
        return int(pid) if host == socket.gethostname() else None
    if GRPC_INFO_TAG not in run.tags:
        return None
    # The worker says in the run's log which process it is.
    events = instance.get_records_for_run(run.run_id, of_type=dg.DagsterEventType.ENGINE_EVENT).records
    for record in reversed(events):
        event = record.event_log_entry.dagster_event
        told = event.engine_event_data.metadata.get("pid") if event else None
        if told is not None:
            return int(str(told.value))
    return None


def is_there(pid: int, since: float | None) -> bool:
    """Whether the process is there; one that began after `since` (seconds since 1970) only has its number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    try:
        fields = fields_of(pid) or []
        clock = Path("/proc/stat").read_text(encoding="utf-8").split("btime ")[1].split()[0]
    except (OSError, IndexError):
        return True  # a system that does not say more
    # What nobody has buried is dead all the same.
    if fields[0] == "Z":
        return False
    began = int(clock) + int(fields[19]) / os.sysconf("SC_CLK_TCK")
    return since is None or began < since + TOLERATED_SECONDS


class LocalRunLauncher(dg.DefaultRunLauncher):
    """The library's launcher, which also answers the monitor's question whether a run's process is there."""

    @property
    def supports_check_run_worker_health(self) -> bool:
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        pid = gone(self._instance, run)
        if pid is None:
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.FAILED, f"its process {pid} is gone")
