"""`drg replay`: sealed months and years are computed again from their closings alone, and compared."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from drg_pipeline.commands.options import language, region_options, settings_of
from drg_pipeline.commands.run import read_periods
from drg_pipeline.commands.screen import Grid, Heading, Screen
from drg_pipeline.commands.witness import witness_of, witness_options
from drg_pipeline.errors import DrgError, Fault
from drg_pipeline.periods import Period
from drg_pipeline.visible import one_line

if TYPE_CHECKING:
    from drg_pipeline.closings.replay import Replayed

CODES = ("closing", "current")
SHOWN_CHANGES = 10


@click.command("replay", short_help="Compute closings again from themselves, and compare.")
@language
@region_options("region", "closings")
@click.option("--month", "months", metavar="MONTHS", help="2025-01, 2025-01..2025-12, or a list with commas.")
@click.option("--year", metavar="YYYY", help="A year.")
@click.option("--all", "every", is_flag=True, help="Every closing of the region, reopened ones too.")
@click.option("--number", type=click.IntRange(1), metavar="N", help="Which closing.  [default: the last]")
@click.option(
    "--code", type=click.Choice(CODES), default=CODES[0], show_default=True, help="Whose models compute."
)
@click.option("--expect", metavar="SHA256", help="The manifest's digest as it was noted elsewhere.")
@witness_options
@click.option("--rows", type=click.IntRange(0), default=5, show_default=True, help="Differing rows to show.")
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON.")
def replay(
    screen: Screen,
    months: str | None,
    year: str | None,
    every: bool,
    number: int | None,
    code: str,
    expect: str | None,
    anchors: tuple[str, ...],
    keys: tuple[str, ...],
    rows: int,
    as_json: bool,
    **given: Any,
) -> None:
    """Compute closings again from the closings alone and say table by table whether they come out the same.

    Needs neither lake, inbox, key, reference nor law: only the folder of closings. Exit code 1 when anything
    differs, with the rows, the column and the likely cause; also when trail and closings differ.
    """
    asked, faults = _asked(months, year, every, number, expect)
    settings = settings_of(screen, given, (), faults)
    witness = witness_of(settings.region, anchors, keys)
    from drg_pipeline.closings.projects import Projects
    from drg_pipeline.closings.record import examined
    from drg_pipeline.closings.replay import closings_to_replay
    from drg_pipeline.closings.replay import replay as compute
    from drg_pipeline.commands.progress import working
    from drg_pipeline.lake.closed import ClosedPeriods

    done: list[Replayed] = []
    projects = Projects()
    # As it was before this command sets itself down.
    broken, differences = examined(ClosedPeriods(settings.region_closings), witness)
    for period, which in closings_to_replay(settings, asked, number):
        with working(screen, f"{period} ({which})") as progress:
            found = compute(
                settings,
                period,
                which,
                code=code,
                expect=expect or "",
                keys=witness.keys,
                shown=rows,
                projects=projects,
                progress=progress,
            )
        done.append(found)
        if not as_json:
            _say(screen, found)
    if as_json:
        screen.line(json.dumps([found.summary() for found in done], ensure_ascii=False, indent=1))
    differ = [found for found in done if not found.identical]
    # What is wrong with a closing that was replayed is told there.
    told = {(found.closed.period, found.closed.number) for found in done}
    others = [
        *broken,
        *(
            each.fault
            for each in differences
            if each.place not in told and (not asked or (each.place and each.place[0] in asked))
        ),
    ]
    if differ or others:
        named = [f"{found.closed.period} ({found.closed.number})" for found in differ]
        key = "replay.differ" if differ else "replay.record"
        ended = DrgError(screen.text(key, count=len(differ), all=len(done)), [*named, *others])
        ended.shown = len(ended.faults)
        raise ended
    if not as_json:
        screen.say("replay.same", count=len(done))


def _asked(
    months: str | None, year: str | None, every: bool, number: int | None, expect: str | None
) -> tuple[list[Period], list[Fault]]:
    """The periods, none for all; with everything that is wrong with the options."""
    if every:
        faults = [Fault("--all", "stands without --month and --year")] if months or year else []
        if number or expect:
            faults.append(Fault("--all", "stands without --number and --expect"))
        return [], faults
    periods, faults = read_periods(months, year, "--month")
    if len(periods) > 1 and expect:
        faults.append(Fault("--expect", "vouches for one closing; name one month or one year"))
    return periods, faults


def _say(screen: Screen, found: Replayed) -> None:
    closed = found.closed
    key = "replay.identical" if found.identical else "replay.differs"
    screen.say(
        key,
        period=closed.period,
        number=closed.number,
        tables=len(found.tables),
        steps=found.steps,
        seconds=found.seconds,
        digest=found.digest,
    )
    for change in found.changed[:SHOWN_CHANGES]:
        screen.line("  " + screen.text("replay.changed", what=one_line(str(change))))
    if len(found.changed) > SHOWN_CHANGES:
        screen.line("  " + screen.text("table.more", count=len(found.changed) - SHOWN_CHANGES))
    if found.stopped:
        lines = found.stopped.splitlines()
        screen.line("  " + screen.text("replay.stopped", why=one_line(lines[0])))
        for line in lines[1:SHOWN_CHANGES]:
            screen.line("    " + one_line(line))
    for table in found.tables:
        if table.state != "identical":
            _say_table(screen, table.table, found)
    if found.code:
        screen.line("  " + screen.text("replay.code", count=len(found.code), tables=", ".join(found.code)))
    for name, (then, now) in found.versions.items():
        screen.line("  " + screen.text("replay.version", name=name, then=then or "-", now=now or "-"))


def _say_table(screen: Screen, name: str, found: Replayed) -> None:
    table = next(each for each in found.tables if each.table == name)
    causes = "; ".join(one_line(str(cause)) for cause in table.causes)
    difference = table.difference
    if difference is None:
        screen.line("  " + screen.text("replay.not_computed", table=name, causes=causes))
        return
    screen.line(
        "  "
        + screen.text(
            "replay.table",
            table=name,
            sealed=difference.only_before,
            now=difference.only_after,
            differing=difference.differing,
            causes=causes,
        )
    )
    if difference.rows:
        heads = [Heading(screen.text(f"replay.{head}")) for head in ("row", "column", "sealed", "computed")]
        cells = [
            [one_line(row.key), row.column, one_line(row.before or ""), one_line(row.after or "")]
            for row in difference.rows
        ]
        total = difference.only_before + difference.only_after + difference.differing
        screen.table(Grid("", heads, cells, more=total - len(cells)))
