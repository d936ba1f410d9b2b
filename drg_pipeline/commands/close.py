"""`drg close` and `drg reopen`: settled months and years are sealed, or opened again for a reason."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from drg_pipeline.commands.options import language, near, region_options, settings_of
from drg_pipeline.commands.run import read_periods
from drg_pipeline.commands.screen import Screen
from drg_pipeline.commands.witness import say_anchor
from drg_pipeline.errors import DrgError, Fault
from drg_pipeline.periods import Period, span

if TYPE_CHECKING:
    from drg_pipeline.closings.seal import Sealed
    from drg_pipeline.region import Region
    from drg_pipeline.settings import Settings

NEEDED = ("policy", "reference", "closings")


@click.command("close", short_help="Seal months or a year.")
@language
@region_options(
    "region", "reference", "policy", "lake", "closings", "grouping", "scheme", "schemes", "known_on"
)
@click.option("--month", "months", metavar="MONTHS", help="2025-01, 2025-01..2025-12, or a list with commas.")
@click.option("--year", metavar="YYYY", help="A year whose twelve months are closed.")
@click.option(
    "--early", is_flag=True, help="Also while what is uploaded or published may still belong to it."
)
@click.option("--restore", is_flag=True, help="Put sealed tables that the lake has lost back into it.")
def close(
    screen: Screen, months: str | None, year: str | None, early: bool, restore: bool, **given: Any
) -> None:
    """Seal months or a year: inputs, law as known, scheme, calendar, models and outputs, with a manifest.

    What is sealed is not computed again until drg reopen; drg replay proves it. A closed period that has not
    changed is left alone.
    """
    periods, faults = read_periods(months, year, "--month")
    settings = settings_of(screen, given, NEEDED, faults)
    from drg_pipeline.region import Region

    region = Region(settings)
    _say_ended(screen, settings)
    stopped: dict[Period, DrgError] = {}
    closed = False
    for period in periods:
        try:
            if restore:
                _restore(screen, region, period)
            else:
                closed = _close(screen, region, period, early) or closed
        except DrgError as error:
            stopped[period] = error
    if closed:
        say_anchor(screen, settings)
    if stopped:
        raise _all_of(stopped)


@click.command("reopen", short_help="Open a closed month or year again, for a reason.")
@language
@region_options("region", "closings")
@click.option("--month", "months", metavar="MONTHS", help="2025-01, 2025-01..2025-03, or a list with commas.")
@click.option("--year", metavar="YYYY", help="A closed year.")
@click.option(
    "--reason", required=True, metavar="TEXT", help="Why; it stands in the trail and the next closing."
)
def reopen(screen: Screen, months: str | None, year: str | None, reason: str, **given: Any) -> None:
    """Let a closed month or year be computed and closed again. The closing itself stays as it is.

    The next closing says hospital by hospital and claim by claim what has become different, and why.
    """
    from drg_pipeline.closings.reopen import reopen as open_again

    periods, faults = read_periods(months, year, "--month")
    if not reason.strip():
        faults.append(Fault("--reason", "says nothing"))
    settings = settings_of(screen, given, ("closings",), faults)
    _say_ended(screen, settings)
    for period in periods:
        opened = open_again(settings, period, reason)
        screen.say("close.reopened", period=period, number=opened.number)
    kind = "--months" if months else "--year"
    verb = "run" if months else "clear"
    screen.say("close.reopened_next", drg="drg", verb=verb, kind=kind, span=span(periods))
    say_anchor(screen, settings)


def _say_ended(screen: Screen, settings: Settings) -> None:
    """Finish or withdraw what somebody who was stopped had begun, and say so."""
    from drg_pipeline.closings.steps import end_what_was_begun
    from drg_pipeline.lake.closed import ClosedPeriods
    from drg_pipeline.trail import Trail

    for ended in end_what_was_begun(ClosedPeriods(settings.region_closings), Trail.of(settings)):
        what = "withdrawn" if ended.event == "withdrawn" else "finished"
        screen.say(f"close.{what}.{ended.step}", period=ended.period, number=ended.number)


def _all_of(stopped: Mapping[Period, DrgError]) -> DrgError:
    """One error for all periods that were not closed."""
    first, *others = stopped.values()
    if not others:
        return first
    faults = [
        Fault("", line) for error in stopped.values() for line in (error.headline, *map(str, error.faults))
    ]
    return DrgError(
        f"{len(stopped)} periods were not closed: {span(list(stopped))}.",
        faults,
        state="The others are.",
        remedy=first.remedy,
    )


def _close(screen: Screen, region: Region, period: Period, early: bool) -> bool:
    """Close one period; whether a closing was made."""
    from drg_pipeline.closings.seal import close as seal
    from drg_pipeline.commands.progress import working

    began = time.monotonic()
    with working(screen, str(period)):
        sealed = seal(region, period, early=early)
    _say(screen, sealed, time.monotonic() - began)
    return sealed.new


def _say(screen: Screen, sealed: Sealed, seconds: float) -> None:
    closed, files = sealed.closed, sealed.manifest.files
    if not sealed.new:
        screen.say(
            "close.already", period=closed.period, number=closed.number, at=closed.at, digest=sealed.digest
        )
        return
    screen.say(
        "close.closed",
        period=closed.period,
        number=closed.number,
        tables=len(sealed.manifest.outputs),
        deliveries=len(sealed.manifest.deliveries),
        size=sum(file.size for file in files) / 1e6,
        seconds=seconds,
        digest=sealed.digest,
    )
    report = closed.folder / "difference" / "difference.md"
    if report.is_file():
        screen.say("close.difference", number=closed.number - 1, report=near(report))


def _restore(screen: Screen, region: Region, period: Period) -> None:
    from drg_pipeline.closings.restore import restore

    done = restore(region, period)
    screen.say("close.restored", period=period, count=len(done))
    for table in done:
        screen.line(f"  {table}")
