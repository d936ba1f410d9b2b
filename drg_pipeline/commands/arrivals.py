"""Deliveries that are on their way, for which commands wait, and what in the inbox is none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from drg_pipeline.commands.screen import Screen, one_line
from drg_pipeline.errors import DrgError, Fault
from drg_pipeline.messages import bounded
from drg_pipeline.settings import quiet_seconds

if TYPE_CHECKING:
    from drg_pipeline.ingest.arrival import Arriving
    from drg_pipeline.ingest.inbox import Aside
    from drg_pipeline.region import Region

# Things of one kind that are named; the rest is counted. -v names all.
SHOWN = 8
# A transfer that goes on for longer is looked at by a person.
QUIET_TIMES = 3

waiting: Callable[[Callable[..., Any]], Callable[..., Any]] = click.option(
    "--wait",
    type=click.IntRange(min=0),
    metavar="SECONDS",
    help="Longest wait for deliveries that are still arriving; 0 takes in what is there.  "
    f"[default: {QUIET_TIMES} times DRG_QUIET_SECONDS]",
)


def wait_for_deliveries(screen: Screen, region: Region, longest: int | None) -> None:
    """Wait until nothing new in the inbox changes any more; DrgError where that takes longer.

    longest  seconds; 0: what is there is taken as complete; None: as the quiet time asks
    """
    from drg_pipeline.ingest.arrival import still_arriving, wait_until_complete
    from drg_pipeline.ingest.delivery import landed_manifests
    from drg_pipeline.ingest.inbox import find_deliveries

    quiet = quiet_seconds()
    most = QUIET_TIMES * quiet if longest is None else longest
    settings = region.settings

    def look(now: float) -> list[Arriving]:
        inbox = find_deliveries(settings.inbox, region.layouts.claims)
        return still_arriving(inbox, landed_manifests(settings), now, quiet)

    def told(arriving: list[Arriving]) -> None:
        screen.aside(screen.text("arriving.waits", longest=most))
        lines = [
            screen.text("arriving.one", label=one_line(each.label), since=each.since, quiet=quiet)
            for each in arriving
        ]
        for line in bounded(lines, SHOWN, screen.lang):
            screen.aside(line)

    left = wait_until_complete(look, most, told) if most else []
    if left:
        raise DrgError(
            f"Deliveries are still arriving after {most} s of waiting.",
            [Fault(each.label, f"changed {each.since:.0f} s ago, not quiet for {quiet} s") for each in left],
            state="Nothing was taken in or computed; what was published stands as it was.",
            remedy="Run again when they are there, or take in what is there with --wait 0.",
        )


def asides_of(screen: Screen, asides: Sequence[Aside], *, verbose: bool) -> list[str]:
    """The lines that name what in the inbox was not taken in because it is no delivery."""
    if not asides:
        return []
    lines = [f"    {one_line(aside.text(screen.lang))}" for aside in asides]
    most = len(lines) if verbose else SHOWN
    return [screen.text("inbox.asides", count=len(lines)), *bounded(lines, most, screen.lang)]
