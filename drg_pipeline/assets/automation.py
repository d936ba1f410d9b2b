"""What the daemon does by itself: the days of months and years, and the next link of each chain.

`<region>_month`, `<region>_calibrate` and `<region>_clear` begin a chain for one period, by hand or on the
day that the law names. A chain is runs in the queue, one after the other, linked by the tag `drg/chain`: each
can be looked at, stopped and run again by itself, and when a failed one is run again and succeeds, the chain
goes on.
"""

# No `from __future__ import annotations`: Dagster reads the annotation of `context` as an object.
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import dagster as dg

from drg_pipeline.assets.chain import Chain, Goal, Step
from drg_pipeline.assets.closings import replay_job, replay_schedule
from drg_pipeline.assets.describe import key
from drg_pipeline.assets.factory import deliveries_in
from drg_pipeline.assets.failures import failure, failure_hook
from drg_pipeline.assets.inbox_sensor import ARRIVED, inbox_sensor
from drg_pipeline.assets.operations import CHAIN, GOAL, LINK, PARTITION, RANGE_END, Operations
from drg_pipeline.assets.partitions import definition_of
from drg_pipeline.assets.run_days import kind_of, last_come, latest_day_of_month, next_to_come, run_day
from drg_pipeline.calendar import Day
from drg_pipeline.errors import DrgError
from drg_pipeline.periods import Period
from drg_pipeline.region import Region

if TYPE_CHECKING:
    from drg_pipeline.assets.jobs import AssetJob

# Less than the five seconds between two looks of the daemon, so that none is passed over.
LEAST_SECONDS_BETWEEN_LINKS = 3


@dataclass(frozen=True)
class Beginning:
    """A job that begins a chain for one period, and what the chain is for."""

    role: str
    verb: str
    what: str
    describe: str


BEGINNINGS = (
    Beginning("month", "month", "months", "Settles a month: brings what it still needs, then computes it."),
    Beginning("calibration", "calibrate", "calibration", "Calibrates a year: its history, then the year."),
    Beginning(
        "clearing", "clear", "clearing", "Clears a year: history, calibration and months, then the clearing."
    ),
)


@dataclass(frozen=True)
class Automation:
    """The jobs, schedules and sensors of a region that hold no assets themselves."""

    jobs: Sequence[dg.JobDefinition]
    schedules: Sequence[dg.ScheduleDefinition]
    sensors: Sequence[dg.SensorDefinition]


def automation(region: Region, operations: Operations, asset_jobs: "Mapping[str, AssetJob]") -> Automation:
    """Beside the region's asset jobs, which are given by name."""
    chain = Chain(region)
    jobs = {each.role: _beginning(region, chain, each) for each in BEGINNINGS}
    proof = replay_job(region)
    return Automation(
        jobs=[*jobs.values(), proof],
        schedules=[
            _schedule(region, chain, each, jobs[each.role], operations)
            for each in BEGINNINGS
            if each.role in region.pack.run_days
        ]
        + [replay_schedule(region, proof, operations)],
        sensors=[
            inbox_sensor(region, chain, operations),
            _chain_sensor(region, chain, jobs, asset_jobs, operations),
        ],
    )


def _beginning(region: Region, chain: Chain, each: Beginning) -> dg.JobDefinition:
    name = region.settings.region

    @dg.op(name=f"{name}_begin_{each.role}".replace("-", "_"), description=each.describe)
    def begin(context: dg.OpExecutionContext) -> None:
        period = Period.of(context.partition_key, kind_of(each.role))
        goal = Goal(each.what, (period,))
        try:
            chain.check(goal)
            if each.role in region.pack.run_days:
                day = run_day(region.pack, each.role, period, region.side.calendar_days())
                context.log.info(f"{goal}; the law's day for it is {day}")
        except DrgError as error:
            raise failure(error) from error

    @dg.job(
        name=f"{name}_{each.verb}",
        description=f"{each.describe} Its runs follow one after the other (tag {CHAIN}).",
        partitions_def=definition_of(kind_of(each.role), region.settings.first_month),
        executor_def=dg.in_process_executor,
        tags={"region": name},
        hooks={failure_hook(region.settings.lake)},
    )
    def beginning() -> None:
        begin()

    return beginning


# -- the law's days ----------------------------------------------------------------------------


def _schedule(
    region: Region, chain: Chain, each: Beginning, job: dg.JobDefinition, operations: Operations
) -> dg.ScheduleDefinition:
    rule = region.pack.run_days[each.role]
    on = f"the working day that {rule.working_days} counts" if rule.working_days else "the day"

    @dg.schedule(
        name=f"{region.settings.region}_{each.verb}",
        job=job,
        cron_schedule=f"0 {operations.hour} * * *",
        execution_timezone=operations.time_zone,
        default_status=operations.schedule_status,
        description=f"{each.describe} Looks every day whether it is {on} after the law's moment.",
    )
    def on_the_day(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        today = context.scheduled_execution_time.astimezone(ZoneInfo(operations.time_zone)).date()
        days = region.side.calendar_days()
        come = last_come(region.pack, each.role, today, days, region.settings.first_month)
        if come is None:
            return dg.SkipReason("no period of this lake has had its day yet")
        period, day = come
        if closed := region.closed.standing(period):
            return dg.SkipReason(str(closed))
        # A day on which no daemon was there is made up for, unless somebody has done the work meanwhile.
        if day != today and _is_there(region, chain, each, period):
            return dg.SkipReason(f"{period} had its day on {day}{_coming(region, each, today, days)}")
        return dg.RunRequest(run_key=str(period), partition_key=str(period))

    return on_the_day


def _coming(region: Region, each: Beginning, today: date, days: Sequence[Day]) -> str:
    try:
        coming = next_to_come(region.pack, each.role, today, days)
    except DrgError as error:
        return f". {error.headline}"
    return f"; {coming[0]} has its day on {coming[1]}" if coming else ""


def _is_there(region: Region, chain: Chain, each: Beginning, period: Period) -> bool:
    """Whether every table that the chain ends with is published for the period."""
    job = chain.jobs[each.what]
    models = [table for table in job.tables if table in region.project.models]
    return all(region.store.file(table, period).is_file() for table in models)


def settlement_freshness(region: Region, operations: Operations) -> dg.FreshnessPolicy | None:
    """By the day on which the law's month is settled at the latest, its tables have been renewed."""
    found = latest_day_of_month(region.pack, datetime.now(ZoneInfo(operations.time_zone)).year)
    if found is None:
        return None
    day, since = found
    return dg.FreshnessPolicy.cron(
        deadline_cron=f"59 23 {day} * *", lower_bound_delta=since, timezone=operations.time_zone
    )


# -- the next link -----------------------------------------------------------------------------


def _chain_sensor(
    region: Region,
    chain: Chain,
    jobs: Mapping[str, dg.JobDefinition],
    asset_jobs: "Mapping[str, AssetJob]",
    operations: Operations,
) -> dg.SensorDefinition:
    name = region.settings.region
    beginnings = {jobs[each.role].name: each for each in BEGINNINGS}
    roles = {job.name: role for role, job in chain.jobs.items()}

    @dg.run_status_sensor(
        name=f"{name}_chain",
        run_status=dg.DagsterRunStatus.SUCCESS,
        minimum_interval_seconds=LEAST_SECONDS_BETWEEN_LINKS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Requests the next run of a chain when one of its runs has succeeded.",
        monitored_jobs=[*jobs.values(), *asset_jobs.values()],
        request_jobs=list(asset_jobs.values()),
    )
    def next_link(context: dg.RunStatusSensorContext) -> dg.RunRequest | dg.SkipReason:
        run = context.dagster_run
        linked = run.tags.get(CHAIN)
        done: tuple[str, Sequence[Period]] | None = None
        if run.job_name in beginnings:
            # As short as a run's name on the pages.
            linked = run.run_id[:8]
            goal = Goal(beginnings[run.job_name].what, (Period.of(run.tags[PARTITION]),))
        elif linked is None or GOAL not in run.tags or run.job_name not in roles:
            return dg.SkipReason(f"{run.job_name} {run.run_id} is no link of a chain")
        elif run.tags[GOAL] == ARRIVED:
            today = datetime.now(ZoneInfo(operations.time_zone)).date()
            deliveries = deliveries_in(name, run.run_config)
            months = chain.arrived(deliveries, today, operations.open_from)
            if not months:
                return dg.SkipReason(f"no open month is touched by {', '.join(deliveries)}")
            goal = Goal("months", tuple(months))
        else:
            goal = Goal.of(run.tags[GOAL])
        if run.job_name in roles:
            last = run.tags.get(RANGE_END) or run.tags.get(PARTITION)
            done = (roles[run.job_name], (Period.of(last),) if last else ())
        step = next(chain.steps(goal, done=done), None)
        if step is None:
            return dg.SkipReason(f"the chain {linked} ({goal}) is done")
        number = int(run.tags.get(LINK, "0")) + 1
        tags = step.tags(name) | {CHAIN: linked, GOAL: str(goal), LINK: str(number)}
        return _request(name, step, f"{linked} {number}", tags)

    return next_link


def _request(region: str, step: Step, run_key: str, tags: dict[str, str]) -> dg.RunRequest:
    """A run of one partition, or of a range, which only its tags tell."""
    partition = tags.pop(PARTITION, None)
    return dg.RunRequest(
        run_key=run_key,
        job_name=step.job.name,
        partition_key=partition,
        tags=tags,
        asset_selection=[key(region, table) for table in step.tables] or None,
    )
