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
from typing import NamedTuple

import dagster as dg

from drg_pipeline.assets.chain import Chain, Step
from drg_pipeline.assets.factory import take_in_config
from drg_pipeline.assets.failures import message_of
from drg_pipeline.assets.operations import CHAIN, GOAL, INBOX, LINK, Operations
from drg_pipeline.errors import DrgError
from drg_pipeline.ingest.arrival import arriving, is_as_landed, state
from drg_pipeline.ingest.delivery import landed_manifests
from drg_pipeline.ingest.inbox import find_deliveries
from drg_pipeline.messages import bounded
from drg_pipeline.region import Region

ARRIVED = "arrived"
# Notes of one tick that are shown; the rest is counted.
SHOWN = 8
# A run that is created and not queued so long after was lost by the daemon that created it.
LOST_AFTER_SECONDS = 600


class Asked(NamedTuple):
    """A delivery that was requested: the state of its files, the request's key.

    missed  looks since then that found no run of the request
    """

    state: str
    key: str
    missed: int = 0


@dataclass
class Look:
    """One look at the inbox.

    wanted  deliveries to request, with the state of their files
    kept    what was requested before and is not settled yet
    notes   why the others are not requested
    asides  what is no delivery
    busy    a request is still being worked on
    """

    wanted: dict[str, str] = field(default_factory=dict)
    kept: dict[str, Asked] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    asides: list[str] = field(default_factory=list)
    busy: bool = False

    def __str__(self) -> str:
        """What is said of a look that requests nothing."""
        return "\n".join(bounded([*(self.notes or ["nothing new in the inbox"]), *self.asides], SHOWN, "en"))


def look(
    region: Region,
    instance: dg.DagsterInstance,
    asked: Mapping[str, Asked],
    *,
    now: float,
    quiet_seconds: int,
) -> Look:
    """What of the inbox is to be taken in now."""
    inbox = find_deliveries(region.settings.inbox, region.layouts.claims)
    landed = landed_manifests(region.settings)
    runs = {each.key: _run_of(instance, each.key, now) for each in asked.values()}
    seen = Look(asides=[str(aside) for aside in inbox.asides])
    unfinished: dict[str, str] = {}
    refused: set[str] = set()
    for delivery in inbox.deliveries:
        label, current = delivery.label, state(delivery)
        known = asked.get(label)
        same = known if known and known.state == current else None
        run = runs[same.key] if same else None
        taken_in = is_as_landed(delivery, landed.get(label))
        waits = None if label in landed else arriving(delivery, now, quiet_seconds)
        if same and not run and not same.missed:
            # The daemon may be between the request and its run: the next look finds it.
            seen.kept[label], seen.busy = same._replace(missed=1), True
            seen.notes.append(f"{label} is being taken in")
        elif same and run and not run.is_finished:
            seen.kept[label], seen.busy = same._replace(missed=0), True
            seen.notes.append(f"{label} is being taken in by run {run.run_id}")
        elif waits:
            seen.notes.append(str(waits))
        elif delivery.faults and label not in landed:
            seen.notes += [f"{fault}" for fault in delivery.faults]
        elif same and not run:
            seen.wanted[label] = current
            seen.notes.append(f"{label} is asked for again: the run that was to take it in is gone")
        elif same and run and run.is_success:
            continue
        elif same and run and taken_in:
            unfinished[label] = current
            seen.kept[label] = same
        elif same and run:
            refused.add(same.key)
            seen.kept[label] = same
            seen.notes.append(
                f"{label} was not taken in by run {run.run_id} and is not asked for again until its "
                f"files change: {_why(instance, run)}"
            )
        elif not taken_in:
            seen.wanted[label] = current
    for label, current in unfinished.items():
        # What was landed beside a refused delivery goes on without it; other failures wait for a person.
        if seen.wanted or asked[label].key in refused:
            seen.wanted[label] = current
        elif run := runs[asked[label].key]:
            seen.notes.append(
                f"{label} is landed, and run {run.run_id} failed after that: {_why(instance, run)} "
                "Mend the cause and run it again."
            )
    return seen


def _run_of(instance: dg.DagsterInstance, request: str, now: float) -> dg.DagsterRun | None:
    """The latest run of a request: one that was run again counts in the place of the first.

    None where it was deleted, or was never launched: a run that nobody put into the queue begins no more.
    """
    record = next(iter(instance.get_run_records(dg.RunsFilter(tags={INBOX: request}), limit=1)), None)
    if record is None:
        return None
    run = record.dagster_run
    lost = now - record.create_timestamp.timestamp() > LOST_AFTER_SECONDS
    return None if lost and run.status == dg.DagsterRunStatus.NOT_STARTED else run


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
        asked = {label: Asked(*each) for label, each in json.loads(context.cursor or "{}").items()}
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
            return dg.SensorResult(skip_reason=str(seen), cursor=json.dumps(seen.kept))
        # Asked for again, with the same files, it is another request.
        before = sorted({asked[label].key for label in seen.wanted if label in asked})
        key = hashlib.sha256(json.dumps([sorted(seen.wanted.items()), before]).encode()).hexdigest()[:16]
        cursor = seen.kept | {label: Asked(current, key) for label, current in seen.wanted.items()}
        request = dg.RunRequest(
            run_key=key,
            run_config=take_in_config(name, sorted(seen.wanted)),
            tags=step.tags(name) | {INBOX: key, CHAIN: key, GOAL: ARRIVED, LINK: "1"},
        )
        context.log.info(f"requested: {', '.join(sorted(seen.wanted))}")
        if seen.notes or seen.asides:
            # A tick that requests something shows no reason beside it; its log does.
            context.log.warning(str(seen))
        return dg.SensorResult(run_requests=[request], cursor=json.dumps(cursor))

    return inbox
