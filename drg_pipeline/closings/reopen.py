"""Opens a closed period again: what it seals may be computed anew, and the closing stays as it is."""

from __future__ import annotations

from dataclasses import replace

from drg_pipeline.closings.manifest import manifest_digest
from drg_pipeline.errors import DrgError
from drg_pipeline.lake.closed import Closed, ClosedPeriods, refusal
from drg_pipeline.periods import MONTH, Period
from drg_pipeline.settings import Settings
from drg_pipeline.trail import Trail


def reopen(settings: Settings, period: Period, reason: str) -> Closed:
    """Let a closed period be computed again. DrgError where that cannot be, without a reason too."""
    closed = ClosedPeriods(settings.region_closings)
    if not reason.strip():
        raise DrgError("A closing is reopened for a reason.", remedy="Say it: --reason TEXT.")
    standing = closed.standing(period)
    if standing is None:
        last = closed.last(period)
        told = f"closing {last.number} was reopened on {last.reopened.at}" if last and last.reopened else ""
        raise DrgError(
            f"{period} of {settings.region} is not closed.",
            [told] if told else [],
            state="Nothing was changed.",
        )
    year = closed.standing(period.year) if period.kind == MONTH else None
    if year:
        raise refusal(f"{period} cannot be reopened while its year is closed", [year])
    digest = manifest_digest(standing.folder)
    closed.reopen(standing, reason)
    Trail(settings.region_closings).append(
        "reopened",
        region=settings.region,
        period=str(period),
        subject={"number": standing.number, "manifest": digest},
        reason=reason,
    )
    return replace(standing, reopened=closed.closing(period, standing.number).reopened)
