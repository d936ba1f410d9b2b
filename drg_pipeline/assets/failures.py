"""How a step fails: tried again where that can help, and told in the command line's words.

An error of the file system or a lock may pass by itself; a check or a rule does not. Every failure is one
line of `<lake>/.dagster/failures.log` (JSON).
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import duckdb

from drg_pipeline import disk
from drg_pipeline.errors import DrgError
from drg_pipeline.visible import lines

LOG = "failures.log"
# Each wait is twice the one before.
TRIES_AGAIN = 3
FIRST_WAIT_SECONDS = 2.0
_PASSING = {
    getattr(errno, name)
    for name in (
        *("EAGAIN", "EBUSY", "EINTR", "EIO", "ENOLCK", "EDEADLK", "ESTALE", "ETIMEDOUT"),
        *("EMFILE", "ENFILE", "ECONNRESET", "ENETDOWN", "ENETUNREACH", "EHOSTDOWN", "EHOSTUNREACH"),
    )
    if hasattr(errno, name)
}
# DuckDB gives no number; the file system's own words stand at the end of its message.
_PASSING_WORDS = (*(os.strerror(number) for number in sorted(_PASSING)), "Could not set lock")


def may_pass(error: BaseException | None) -> bool:
    """Whether what stopped a step, or what caused that, can be gone at the next try."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _PASSING:
            return True
        if isinstance(error, duckdb.IOException) and any(word in str(error) for word in _PASSING_WORDS):
            return True
        error = error.__cause__
    return False


@contextmanager
def told(context: dg.AssetExecutionContext | dg.OpExecutionContext) -> Iterator[None]:
    """Turns what stops the block into a retry, or into a failure with the command line's message."""
    try:
        yield
    except (DrgError, OSError, duckdb.Error) as error:
        if may_pass(error) and context.retry_number < TRIES_AGAIN:
            wait = FIRST_WAIT_SECONDS * 2**context.retry_number
            context.log.warning(f"{message_of(error)}\nTried again in {wait:g} s.")
            raise dg.RetryRequested(max_retries=TRIES_AGAIN, seconds_to_wait=wait) from error
        if found := error if isinstance(error, DrgError) else disk.refused(error):
            raise failure(found) from error
        raise


def failure(error: DrgError) -> dg.Failure:
    """A step's failure with the command line's message; a rule does not pass on a second try."""
    return dg.Failure(description=error.message(), allow_retries=False)


def message_of(error: BaseException | None) -> str:
    """What the command line would print."""
    if isinstance(error, dg.Failure):
        return error.description or "failed"
    if isinstance(error, dg.RetryRequested):
        return message_of(error.__cause__)
    if isinstance(error, DrgError):
        return error.message()
    if found := disk.refused(error):
        return found.message()
    return lines(f"{type(error).__name__}: {str(error).strip() or '-'}")


def failure_hook(lake: Path) -> dg.HookDefinition:
    """Says a failed step's message in the run's log and in the lake's list of failures."""

    @dg.failure_hook(name="say_failure")
    def say_failure(context: dg.HookContext) -> None:
        message = message_of(context.op_exception)
        context.log.error(message)
        write_failure(lake, run=context.run_id, job=context.job_name, step=context.step_key, message=message)

    return say_failure


def write_failure(lake: Path, *, run: str, job: str, step: str, message: str) -> None:
    """One line, written at once, so that runs side by side do not mix theirs."""
    line = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "run": run,
        "job": job,
        "step": step,
        "message": message,
    }
    folder = lake / ".dagster"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / LOG, "ab") as log:
        log.write((json.dumps(line, ensure_ascii=False) + "\n").encode())


def failure_sensor(lake: Path) -> dg.SensorDefinition:
    """Runs that end without a failed step (killed, never started) have no hook: they are listed here."""

    @dg.run_failure_sensor(
        name="run_failures",
        description=f"Lists in {LOG} the runs that were ended from outside.",
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def run_failures(context: dg.RunFailureSensorContext) -> dg.SkipReason | None:
        if context.get_step_failure_events():
            return dg.SkipReason("its failed steps have told")
        run = context.dagster_run
        told = context.failure_event.message or "no reason is known"
        message = f"The run was ended from outside, or its process was killed: {told}"
        write_failure(lake, run=run.run_id, job=run.job_name, step="", message=message)
        return None

    return run_failures
