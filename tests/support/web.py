"""A lake's web server, asked as its pages ask: every question and every order goes through GraphQL.

Nothing here opens the lake or the Dagster instance, and what is right does not stand here.
"""

from __future__ import annotations

import json
import re
import socket
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.daemon import THE_CODE, clocked, started, wait_for
from support.regions import NAME

LOCATION = "drg_pipeline.definitions"
PLACE = {"repositoryName": "__repository__", "repositoryLocationName": LOCATION}
READY = "{ repositoriesOrError { ... on RepositoryConnection { nodes { name } } } }"
TICKS = """query($s: SensorSelector!) { sensorOrError(sensorSelector: $s) { ... on Sensor {
  sensorState { status ticks(limit: 50) { timestamp status runIds skipReason error { message } } } } } }"""
RUNS = """query($f: RunsFilter, $n: Int) { runsOrError(filter: $f, limit: $n) { ... on Runs { results {
  runId jobName status creationTime startTime endTime tags { key value } } } } }"""
ASSET = """query($k: AssetKeyInput!, $p: [String!]) { assetNodeOrError(assetKey: $k) { ... on AssetNode {
  groupName description owners { ... on TeamAssetOwner { team } }
  assetMaterializations(partitions: $p, limit: 1) { runId partition timestamp metadataEntries {
    __typename label ... on MarkdownMetadataEntry { mdStr } ... on IntMetadataEntry { intValue }
    ... on TextMetadataEntry { text } ... on PathMetadataEntry { path }
    ... on TableColumnLineageMetadataEntry { lineage { columnName
      columnDeps { assetKey { path } columnName } } } } } } } }"""
CHECKS = """query($k: AssetKeyInput!, $c: String!) {
  assetCheckExecutions(assetKey: $k, checkName: $c, limit: 50) { runId status partition evaluation {
    success severity metadataEntries { label ... on MarkdownMetadataEntry { mdStr }
    ... on TextMetadataEntry { text } ... on IntMetadataEntry { intValue } } } } }"""
LAUNCH = """mutation($p: ExecutionParams!) { launchRun(executionParams: $p) { __typename
  ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
AGAIN = """mutation($r: ReexecutionParams!) { launchRunReexecution(reexecutionParams: $r) { __typename
  ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
BACKFILL = """mutation($b: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $b) { __typename
  ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }"""
BACKFILL_STATE = """query($id: String!) { partitionBackfillOrError(backfillId: $id) {
  ... on PartitionBackfill { status partitionNames runs { runId } } } }"""
START_SCHEDULE = """mutation($s: ScheduleSelector!) { startSchedule(scheduleSelector: $s) {
  ... on ScheduleStateResult { scheduleState { status } } } }"""
STOP_SCHEDULE = """mutation($id: String!) { stopRunningSchedule(id: $id) {
  ... on ScheduleStateResult { scheduleState { status } } } }"""
SCHEDULED = """query($s: ScheduleSelector!) { scheduleOrError(scheduleSelector: $s) { ... on Schedule {
  scheduleState { id status ticks(limit: 50) { timestamp status runIds skipReason error { message } } } } } }"""
STEPS = """query($id: ID!) { runOrError(runId: $id) { ... on Run { stepStats { stepKey status } } } }"""
SAID = """query($id: ID!) { runOrError(runId: $id) { ... on Run { eventConnection(limit: 1000) {
  events { ... on EngineEvent { message } } } } } }"""
TRIED = """mutation($s: ScheduleSelector!, $t: Float) { scheduleDryRun(selectorData: $s, timestamp: $t) {
  __typename ... on DryRunInstigationTick { evaluationResult { skipReason error { message }
  runRequests { runKey jobName tags { key value } } } } ... on PythonError { message } } }"""
START_SENSOR = """mutation($s: SensorSelector!) { startSensor(sensorSelector: $s) {
  ... on Sensor { sensorState { status } } } }"""


@dataclass(frozen=True)
class Run:
    """A run as the Runs page shows it; times are seconds since 1970, None before they have come."""

    id: str
    job: str
    status: str
    created: float
    began: float | None
    ended: float | None
    tags: Mapping[str, str]

    @property
    def partition(self) -> str | None:
        return self.tags.get("dagster/partition")


class Web:
    """The web server at an address."""

    def __init__(self, address: str, said: Path) -> None:
        self.address = address
        self.said = said

    def ask(self, query: str, **variables: Any) -> Any:
        """The one answer to a query; AssertionError with the server's errors."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(
            f"{self.address}/graphql", body, {"Content-Type": "application/json"}, method="POST"
        )
        with urllib.request.urlopen(request, timeout=120) as answer:
            told = json.load(answer)
        assert not told.get("errors"), told["errors"]
        (found,) = told["data"].values()
        return found

    def is_ready(self) -> bool:
        try:
            return bool(self.ask(READY).get("nodes"))
        except OSError:
            return False

    # -- what is there -------------------------------------------------------------------------

    def ticks(self, sensor: str) -> list[dict[str, Any]]:
        """The latest ticks of a sensor, the last one first."""
        asked = PLACE | {"sensorName": f"{NAME}_{sensor}"}
        return list(self.ask(TICKS, s=asked)["sensorState"]["ticks"])

    def schedule_ticks(self, schedule: str) -> list[dict[str, Any]]:
        """The latest ticks of a schedule, the last one first."""
        return list(self._schedule(schedule)["ticks"])

    def _schedule(self, schedule: str) -> dict[str, Any]:
        asked = PLACE | {"scheduleName": f"{NAME}_{schedule}"}
        return dict(self.ask(SCHEDULED, s=asked)["scheduleState"])

    def steps(self, run_id: str) -> dict[str, str]:
        """The steps of a run that were begun, with how they ended, by table."""
        found = self.ask(STEPS, id=run_id)["stepStats"]
        return {
            step["stepKey"].removeprefix(f"{NAME}__").replace("__", "."): step["status"]
            for step in found
            if step["status"]
        }

    def process(self, run_id: str) -> int | None:
        """The process that works on a run, as it says itself; None before it has."""
        for event in self.ask(SAID, id=run_id)["eventConnection"]["events"]:
            if said := re.match(r"Started process for run \(pid: (\d+)\)", event.get("message", "")):
                return int(said[1])
        return None

    def runs(self, job: str | None = None, limit: int = 500, **tags: str) -> list[Run]:
        """Runs, the last one first; `drg__chain` is the tag drg/chain."""
        wanted: dict[str, Any] = {
            "tags": [{"key": key.replace("__", "/"), "value": value} for key, value in tags.items()]
        }
        if job:
            wanted["pipelineName"] = f"{NAME}_{job}"
        return [_run(found) for found in self.ask(RUNS, f=wanted, n=limit)["results"]]

    def run(self, run_id: str) -> Run:
        (found,) = self.ask(RUNS, f={"runIds": [run_id]}, n=1)["results"]
        return _run(found)

    def asset(self, table: str, partition: str | None = None) -> dict[str, Any]:
        """A table's page; `metadata` is that of its latest materialization, by label."""
        node = self.ask(ASSET, k=key(table), p=[partition] if partition else None)
        latest = node.pop("assetMaterializations")
        entries = latest[0]["metadataEntries"] if latest else []
        return node | {"metadata": {entry["label"]: entry for entry in entries}}

    def checks(self, table: str, check: str) -> list[dict[str, Any]]:
        """The verdicts of a check, the latest first; `metadata` by label."""
        found = self.ask(CHECKS, k=key(table), c=check)
        for verdict in found:
            told = verdict["evaluation"] or {"metadataEntries": []}
            verdict["metadata"] = {entry["label"]: entry for entry in told["metadataEntries"]}
        return list(found)

    def backfill(self, backfill_id: str) -> dict[str, Any]:
        return dict(self.ask(BACKFILL_STATE, id=backfill_id))

    # -- orders --------------------------------------------------------------------------------

    def switch_on(self, sensor: str) -> None:
        state = self.ask(START_SENSOR, s=PLACE | {"sensorName": f"{NAME}_{sensor}"})
        assert state["sensorState"]["status"] == "RUNNING"

    def switch_on_schedule(self, schedule: str) -> None:
        state = self.ask(START_SCHEDULE, s=PLACE | {"scheduleName": f"{NAME}_{schedule}"})
        assert state["scheduleState"]["status"] == "RUNNING"

    def switch_off_schedule(self, schedule: str) -> None:
        state = self.ask(STOP_SCHEDULE, id=self._schedule(schedule)["id"])
        assert state["scheduleState"]["status"] == "STOPPED"

    def launch(self, job: str, tags: Mapping[str, str]) -> str:
        """One run of a job into the queue; its id."""
        given = {
            "selector": PLACE | {"jobName": f"{NAME}_{job}"},
            "executionMetadata": {"tags": [{"key": k, "value": v} for k, v in tags.items()]},
        }
        return str(self._done(LAUNCH, p=given)["run"]["runId"])

    def again(self, run_id: str, strategy: str = "ALL_STEPS") -> str:
        """A run once more, from its first step or from its failure (FROM_FAILURE), as *Re-execute* asks."""
        asked = {"parentRunId": run_id, "strategy": strategy}
        return str(self._done(AGAIN, r=asked)["run"]["runId"])

    def launch_backfill(self, job: str, partitions: Sequence[str]) -> str:
        """A run for each partition of a job; the backfill's id."""
        partition_set = {"partitionSetName": f"{NAME}_{job}_partition_set", "repositorySelector": PLACE}
        asked = {"selector": partition_set, "partitionNames": list(partitions)}
        return str(self._done(BACKFILL, b=asked)["backfillId"])

    def try_schedule(self, schedule: str, moment: float) -> dict[str, Any]:
        """What a schedule would ask for at a moment: nothing is started."""
        tried = self._done(TRIED, s=PLACE | {"scheduleName": f"{NAME}_{schedule}"}, t=moment)
        return dict(tried["evaluationResult"])

    def _done(self, query: str, **variables: Any) -> Any:
        answer = self.ask(query, **variables)
        assert answer["__typename"] in (
            "LaunchRunSuccess",
            "LaunchBackfillSuccess",
            "DryRunInstigationTick",
        ), answer
        return answer

    # -- waiting -------------------------------------------------------------------------------

    def wait_run(self, run_id: str, seconds: float = 240) -> Run:
        """The run when it has ended, however it did."""
        wait_for(lambda: self.run(run_id).ended is not None, seconds, f"the end of run {run_id}", self.said)
        return self.run(run_id)


def key(table: str) -> dict[str, list[str]]:
    return {"path": [NAME, *table.split(".")]}


def _run(found: Mapping[str, Any]) -> Run:
    tags = {tag["key"]: tag["value"] for tag in found["tags"]}
    times = (found["creationTime"], found["startTime"], found["endTime"])
    return Run(found["runId"], found["jobName"], found["status"], *times, tags)


@contextmanager
def web_server(
    folder: Path, at: str | None = None, options: Sequence[str] = (), **given: str
) -> Iterator[Web]:
    """The web server of a region's lake, ready to answer; with `at` its clock begins at that moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    module = ["drg_pipeline.web", *THE_CODE, "-h", "127.0.0.1", "-p", str(port), *options]
    with started(folder, "web", clocked(module, at), **given) as said:
        web = Web(f"http://127.0.0.1:{port}", said)
        began = time.monotonic()
        wait_for(web.is_ready, 120, "the web server's first answer", said)
        print(f"the web server answered after {time.monotonic() - began:.0f} s")
        yield web
