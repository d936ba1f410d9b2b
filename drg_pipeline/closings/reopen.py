"""Opens a closed period again: what it seals may be computed anew, and the closing stays as it is."""

from __future__ import annotations

from dataclasses import replace

from drg_pipeline.closings import steps
from drg_pipeline.closings.record import digest_at
from drg_pipeline.errors import DrgError
from drg_pipeline.files import appearing
from drg_pipeline.lake.closed import Closed, ClosedPeriods, Reopened, refusal
from drg_pipeline.lake.deeds import REOPENING
from drg_pipeline.periods import MONTH, Period
from drg_pipeline.settings import Settings
from drg_pipeline.trail import Trail
from drg_pipeline.trail.line import sha256


def reopen(settings: Settings, period: Period, reason: str) -> Closed:
    """Let a closed period be computed again, also one of which only the trail still says that it is closed.

    DrgError where that cannot be, without a reason too.
    """
    closed, trail = ClosedPeriods(settings.region_closings), Trail.of(settings)
    if not reason.strip():
        raise DrgError("A closing is reopened for a reason.", remedy="Say it: --reason TEXT.")
    if not closed.folder.is_dir():
        raise _not_closed(closed, period)
    with steps.alone(closed.folder):
        steps.end_alone(closed, trail)
        standing = closed.standing(period)
        if standing is None:
            raise _not_closed(closed, period)
        year = closed.standing(period.year) if period.kind == MONTH else None
        if year:
            raise refusal(f"{period} cannot be reopened while its year is closed", [year])
        note = Reopened.now(standing.number, reason)
        subject = {
            "number": standing.number,
            "manifest": digest_at(standing.folder),
            "note": sha256(note.bytes()),
        }
        with (
            steps.set_down(trail, REOPENING, period, subject, reason),
            appearing(closed.note(period, standing.number)) as aside,
        ):
            aside.write_bytes(note.bytes())
    return replace(standing, reopened=note)


def _not_closed(closed: ClosedPeriods, period: Period) -> DrgError:
    last = closed.last(period)
    told = f"closing {last.number} was reopened on {last.reopened.at}" if last and last.reopened else ""
    return DrgError(
        f"{period} of {closed.region} is not closed.", [told] if told else [], state="Nothing was changed."
    )
