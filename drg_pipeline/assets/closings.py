"""`<region>_replay`: every closing of a region computed again from itself, by hand or every week.

The run fails where one does not come out as it was sealed, or where the trail tells of others than are there;
its output shows all of them. What a replay is stands in `closings/`.
"""

# No `from __future__ import annotations`: Dagster reads the annotation of `context` as an object.
import dagster as dg

from drg_pipeline.assets.failures import failure_hook, told
from drg_pipeline.assets.operations import Operations
from drg_pipeline.closings.projects import Projects
from drg_pipeline.closings.record import Record, Witness, examined
from drg_pipeline.closings.replay import Replayed, closings_to_replay, replay
from drg_pipeline.region import Region
from drg_pipeline.trail import Trail
from drg_pipeline.visible import one_line

WEEKLY = "0 {hour} * * 0"


def replay_job(region: Region) -> dg.JobDefinition:
    """The job over all closings, reopened ones too."""
    name = region.settings.region

    @dg.op(name=f"{name}_replay_closings".replace("-", "_"), out=dg.Out(dg.Nothing))
    def replay_closings(context: dg.OpExecutionContext) -> None:
        """Compute every closing again in a lake of its own, and compare table by table."""
        done: list[Replayed] = []
        projects = Projects()
        with told(context):
            broken, others = examined(region.closed, Witness())
            for period, number in closings_to_replay(region.settings):
                done.append(replay(region.settings, period, number, projects=projects))
                context.log.info(f"{period} ({number}): {_state(done[-1])}")
        differ = [found for found in done if not found.identical]
        record = [str(fault) for fault in (*broken, *(each.fault for each in others))]
        metadata = {
            "closings": dg.MetadataValue.table([_record(found) for found in done]),
            "identical": dg.MetadataValue.int(len(done) - len(differ)),
            "different": dg.MetadataValue.int(len(differ)),
            "record": dg.MetadataValue.text("\n".join(record)),
        }
        if differ:
            listed = ", ".join(f"{found.closed.period} ({found.closed.number})" for found in differ)
            raise dg.Failure(
                description=f"{len(differ)} of {len(done)} closings do not come out as they were sealed: "
                f"{listed}. drg replay --all shows the rows.",
                metadata=metadata,
                allow_retries=False,
            )
        if record:
            raise dg.Failure(
                description=f"All {len(done)} closings come out as they were sealed, but trail and closings "
                f"differ in {len(record)} places: {record[0]}. drg audit verify lists them.",
                metadata=metadata,
                allow_retries=False,
            )
        context.add_output_metadata(metadata)

    @dg.job(
        name=f"{name}_replay",
        description="Computes every closing again from itself and compares it with what was sealed.",
        executor_def=dg.in_process_executor,
        tags={"region": name},
        hooks={failure_hook(region.settings.lake)},
    )
    def replay_all() -> None:
        replay_closings()

    return replay_all


def replay_schedule(region: Region, job: dg.JobDefinition, operations: Operations) -> dg.ScheduleDefinition:
    """Every Sunday; it is switched on by hand, for it takes as long as settling all of it again."""

    @dg.schedule(
        name=job.name,
        job=job,
        cron_schedule=WEEKLY.format(hour=operations.hour),
        execution_timezone=operations.time_zone,
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description="Replays all closings once a week.",
    )
    def every_week(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        if not Record(region.closed, Trail(region.closed.folder)).places():
            return dg.SkipReason("nothing is closed")
        return dg.RunRequest(run_key=f"{context.scheduled_execution_time:%Y-%m-%d}")

    return every_week


def _record(found: Replayed) -> dg.TableRecord:
    differing = [table.table for table in found.tables if table.state != "identical"]
    return dg.TableRecord(
        {
            "period": str(found.closed.period),
            "closing": found.closed.number,
            "state": _state(found),
            "tables": ", ".join(differing),
            "changed": one_line("; ".join(map(str, found.changed[:5]))),
            "stopped": one_line(found.stopped.splitlines()[0]) if found.stopped else "",
            "manifest": found.digest,
            "seconds": round(found.seconds, 1),
        }
    )


def _state(found: Replayed) -> str:
    return "identical" if found.identical else "differs"
