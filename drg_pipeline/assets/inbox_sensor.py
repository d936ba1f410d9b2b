"""`<region>_inbox`: sees deliveries that are complete and requests that they are taken in.

The cursor holds what has been requested: for each delivery the state of its files and the request's key.
What a delivery's claims then change is the chain's business.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from drg_pipeline.assets.chain import Chain, Step
from drg_pipeline.assets.factory import take_in_config
from drg_pipeline.assets.failures import message_of
from drg_pipeline.assets.operations import CHAIN, GOAL, INBOX, LINK, Operations
from drg_pipeline.errors import DrgError
from drg_pipeline.ingest.delivery import landed_manifests
from drg_pipeline.ingest.inbox import Delivery, find_deliveries
from drg_pipeline.ingest.reading import is_current
from drg_pipeline.region import Region

ARRIVED = "arrived"
# Notes of one tick that are shown; the rest is counted.
SHOWN = 8


@dataclass
class Look:
    """One look at the inbox.

    wanted  deliveries to request, with the state of their files
    kept    what was requested before and is not settled yet
    notes   why the others are not requested
    busy    a request is still being worked on
    """

    wanted: dict[str, str] = field(default_factory=dict)
    kept: dict[str, tuple[str, str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    busy: bool = False

    def __str__(self) -> str:
        more = [f"… and {len(self.notes) - SHOWN} more"] if len(self.notes) > SHOWN else []
        return "\n".join([*self.notes[:SHOWN], *more])


def look(
    region: Region,
    instance: dg.DagsterInstance,
    asked: Mapping[str, tuple[str, str]],
    *,
    now: float,
    quiet_seconds: int,
) -> Look:
    """What of the inbox is to be taken in now."""
    found = find_deliveries(region.settings.inbox, region.layouts.claims, lambda note: None)
    landed = landed_manifests(region.settings)
    runs = {request: _run_of(instance, request) for _, request in asked.values()}
    seen = Look()
    unfinished: dict[str, str] = {}
    refused: set[str] = set()
    for delivery in found:
        label, (state, changed) = delivery.label, _state(delivery)
        known_state, request = asked.get(label, ("", ""))
        taken_in = _is_as_landed(delivery, landed.get(label))
        if delivery.faults and label not in landed:
            seen.notes += [f"{fault}" for fault in delivery.faults]
        elif known_state == state:
            run = runs[request]
            if run is None or not run.is_finished:
                seen.kept[label], seen.busy = (state, request), True
                seen.notes.append(f"{label} is being taken in{f' by run {run.run_id}' if run else ''}")
            elif not run.is_success and taken_in:
                unfinished[label] = state
                seen.kept[label] = (state, request)
            elif not run.is_success:
                refused.add(request)
                seen.kept[label] = (state, request)
                seen.notes.append(
                    f"{label} was not taken in by run {run.run_id} and is not asked for again until its "
                    f"files change: {_why(instance, run)}"
                )
        elif taken_in:
            continue
        elif now - changed < quiet_seconds:
            seen.notes.append(
                f"{label} was changed {max(0, round(now - changed))} s ago and is left until it has been "
                f"quiet for {quiet_seconds} s"
            )
        else:
            seen.wanted[label] = state
    for label, state in unfinished.items():
        # What was landed beside a refused delivery goes on without it; other failures wait for a person.
        if seen.wanted or asked[label][1] in refused:
            seen.wanted[label] = state
        elif run := runs[asked[label][1]]:
            seen.notes.append(
                f"{label} is landed, and run {run.run_id} failed after that: {_why(instance, run)} "
                "Mend the cause and run it again."
            )
    return seen


def _state(delivery: Delivery) -> tuple[str, float]:
    """The state of a delivery's files, and when one of them or their folder was last changed."""
    entries, changed = [], 0.0
    for name, path in sorted(delivery.files.items()):
        try:
            stat = path.stat()
            folder = path.parent.stat()
        except OSError as error:
            entries.append(f"{name} {error.errno}")
            continue
        entries.append(f"{path.name} {stat.st_size} {stat.st_mtime_ns}")
        changed = max(changed, stat.st_mtime, stat.st_ctime, folder.st_mtime)
    return hashlib.sha256("\n".join(entries).encode()).hexdigest()[:16], changed


def _is_as_landed(delivery: Delivery, manifest: Mapping[str, Any] | None) -> bool:
    """Whether size and time of its files are those that were taken in, and read as they are read now."""
    if manifest is None or not is_current(manifest):
        return False
    there = {}
    for path in delivery.files.values():
        stat = path.stat()
        there[path.name] = (stat.st_size, stat.st_mtime_ns)
    return there == {entry["file"]: (entry["size"], entry["mtime_ns"]) for entry in manifest["files"]}


def _run_of(instance: dg.DagsterInstance, request: str) -> dg.DagsterRun | None:
    """The latest run of a request: one that was run again counts in the place of the first."""
    return next(iter(instance.get_runs(dg.RunsFilter(tags={INBOX: request}), limit=1)), None)


def _why(instance: dg.DagsterInstance, run: dg.DagsterRun) -> str:
    """The message of the step that failed."""
    records = instance.get_records_for_run(run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE).records
    for record in records:
        event = record.event_log_entry.dagster_event
        if event and event.step_failure_data.user_failure_data:
            return str(event.step_failure_data.user_failure_data.description)
        if event and event.step_failure_data.error:
            return str(event.step_failure_data.error.message).strip()
    return f"the run ended as {run.status.value}."


def inbox_sensor(region: Region, chain: Chain, operations: Operations) -> dg.SensorDefinition:
    """The sensor of a region's inbox."""
    name = region.settings.region
    step = Step(chain.jobs["take_in"])

    @dg.sensor(
        name=f"{name}_inbox",
        job_name=step.job.name,
        minimum_interval_seconds=operations.poll_seconds,
        default_status=operations.sensor_status,
        description=(
            "Requests that complete new deliveries are taken in; then the open months that they settle in or "
            f"change follow. A delivery is complete when its files have not changed for "
            f"{operations.quiet_seconds} s."
        ),
    )
    def inbox(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        asked = {label: (state, key) for label, (state, key) in json.loads(context.cursor or "{}").items()}
        try:
            seen = look(
                region,
                context.instance,
                asked,
                now=time.time(),
                quiet_seconds=operations.quiet_seconds,
            )
        except DrgError as error:
            return dg.SkipReason(message_of(error))
        if seen.busy or not seen.wanted:
            return dg.SensorResult(
                skip_reason=str(seen) or "nothing new in the inbox", cursor=json.dumps(seen.kept)
            )
        # Asked for again, with the same files, it is another request.
        before = sorted({asked[label][1] for label in seen.wanted if label in asked})
        key = hashlib.sha256(json.dumps([sorted(seen.wanted.items()), before]).encode()).hexdigest()[:16]
        cursor = seen.kept | {label: (state, key) for label, state in seen.wanted.items()}
        request = dg.RunRequest(
            run_key=key,
            run_config=take_in_config(name, sorted(seen.wanted)),
            tags=step.tags(name) | {INBOX: key, CHAIN: key, GOAL: ARRIVED, LINK: "1"},
        )
        context.log.info(f"requested: {', '.join(sorted(seen.wanted))}")
        return dg.SensorResult(run_requests=[request], cursor=json.dumps(cursor))

    return inbox
