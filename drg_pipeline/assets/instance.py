"""The Dagster instance of a lake: it lives in `<lake>/.dagster` and is made once, whoever comes first."""

from __future__ import annotations

import fcntl
import json
import socket
from pathlib import Path

import dagster as dg

from drg_pipeline.assets.processes import gone
from drg_pipeline.files import sweep_tree

MARK = "# Written by drg at each start. Remove this line to keep your own settings."
# Steps write nothing to standard output; capturing it starts two processes for every run. The class that
# captures nothing is documented under this name alone.
CONFIG = """\
{mark}
telemetry:
  enabled: false
nux:
  enabled: false
concurrency:
  runs:
    max_concurrent_runs: 2
    # Never two runs on one partition. Ranges that overlap wait for each other at the store's locks.
    tag_concurrency_limits:
      - {{key: dagster/partition, value: {{applyLimitPerUniqueValue: true}}, limit: 1}}
      - {{key: dagster/asset_partition_range_start, value: {{applyLimitPerUniqueValue: true}}, limit: 1}}
      - {{key: drg/alone, value: {{applyLimitPerUniqueValue: true}}, limit: 1}}
# A run whose process was killed is run again (see assets/processes.py); a step that failed is not (see
# assets/failures.py). What has been running for a day is nobody's any more, and gives its place free.
run_launcher:
  module: drg_pipeline.assets.processes
  class: LocalRunLauncher
run_monitoring:
  enabled: true
  poll_interval_seconds: 30
  max_runtime_seconds: 86400
run_retries:
  enabled: true
  max_retries: 2
  retry_on_asset_or_op_failure: false
compute_logs:
  module: dagster._core.storage.noop_compute_log_manager
  class: NoOpComputeLogManager
event_log_storage:
  module: drg_pipeline.assets.event_log
  class: LocalEventLogStorage
  config:
    base_dir: {base_dir}
"""


def end_left_over(instance: dg.DagsterInstance) -> list[str]:
    """Mark as failed the runs whose process on this machine is gone; they hold places of the queue."""
    ended = []
    for run in instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])):
        pid = gone(instance, run)
        if pid is not None:
            instance.report_run_failed(run, f"its process {pid} on {socket.gethostname()} is gone")
            ended.append(run.run_id)
    return ended


def open_instance(lake: Path) -> dg.DagsterInstance:
    """The instance of a lake, created under a lock if it is not there.

    Two processes that open a fresh SQLite storage at once leave it broken, so its tables are made here.
    """
    home = lake / ".dagster"
    home.mkdir(parents=True, exist_ok=True)
    with open(home / ".lock", "w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        ready = home / ".ready"
        config = home / "dagster.yaml"
        if not config.is_file() or config.read_text(encoding="utf-8").startswith(MARK):
            base_dir = json.dumps(str(home / "history" / "runs"))
            config.write_text(CONFIG.format(mark=MARK, base_dir=base_dir), encoding="utf-8")
        instance = dg.DagsterInstance.from_config(str(home))
        if not ready.is_file():
            instance.get_runs_count()
            instance.event_log_storage.get_maximum_record_id()
            instance.all_instigator_state()
            ready.touch()
    end_left_over(instance)
    for region in lake.iterdir():
        if region.is_dir() and not region.name.startswith("."):
            sweep_tree(region)
    return instance
