"""`drg simulate`: the same months or year under changed parameters, reference files, law or scheme."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from drg_pipeline.commands.options import (
    check_writable,
    language,
    near,
    region_options,
    settings_of,
)
from drg_pipeline.commands.run import read_periods, say_law
from drg_pipeline.commands.screen import Grid, Heading, Screen
from drg_pipeline.errors import DrgError
from drg_pipeline.settings import Settings

if TYPE_CHECKING:
    from drg_pipeline.simulation.sheet import Sheet
    from drg_pipeline.simulation.simulate import Asked, Simulated


@click.command("simulate", short_help="Try other parameters on months or a year.")
@language
@region_options("region", "lake", "grouping", "scheme", "schemes")
@click.option("--months", metavar="MONTHS", help="2025-01, 2025-01..2025-12, or a list with commas.")
@click.option("--year", metavar="YYYY", help="All months of a year, and its clearing.")
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="CHANGE",
    help="A value to try; may be given several times.",
)
@click.option(
    "--policy", metavar="DIR", help="Another law to try as a whole.  [default: data/policy/<region>]"
)
@click.option(
    "--reference",
    metavar="DIR",
    help="Other reference files to try as a whole.  [default: as the lake has them]",
)
@click.option("--html", "page", metavar="FILE", help="Write a page with charts.")
@click.option("--json", "document", metavar="FILE", help="Write all figures as JSON.")
@click.option("--csv", "folder", metavar="DIR", help="Write one CSV a table.")
@click.option(
    "--work", metavar="DIR", help="Where the simulation computes.  [default: a folder beside the lake]"
)
@click.option("--keep", is_flag=True, help="Keep what the simulation computed, for drg sql --lake.")
def simulate(
    screen: Screen,
    months: str | None,
    year: str | None,
    changes: tuple[str, ...],
    reference: str | None,
    page: str | None,
    document: str | None,
    folder: str | None,
    work: str | None,
    keep: bool,
    **given: Any,
) -> None:
    """Compute months or a year under other parameters, and set them beside what the lake holds.

    Nothing of the lake is changed. A CHANGE is one of

    \b
      low_share=0.4                                       a parameter (drg policy show lists them)
      high_multiple[base_point_above=200].multiple=2.8    rows of a table, chosen in brackets
      high_multiple.multiple*=1.1                         all its rows
      low_share@2025-07=0.4                               from a month or year on (@2025-07..2025-09: until)
      reference.budget[year=2025].amount*=1.02            cells of the reference files
      "reference.group_override[new,drg=BR21,phase=month].base_point=120"     a row that is added

    with =, *= or +=. Without @ a parameter is tried for every period, history included. --scheme groups by
    that scheme, unless --grouping says otherwise.
    """
    from drg_pipeline.files import work_folder
    from drg_pipeline.lake.scratch import beside
    from drg_pipeline.simulation.simulate import Asked

    periods, faults = read_periods(months, year)
    if given["scheme"] and not given["grouping"]:
        given["grouping"] = "scheme"
    given = {**given, "reference": None}
    settings = settings_of(screen, given, ["policy"], faults)
    files = [Path(name).expanduser().resolve() for name in (page, document, folder, work) if name]
    check_writable(*(path.parent for path in files))
    asked = Asked(
        periods,
        changes,
        policy=given["policy"] is not None,
        reference=Path(reference).expanduser().resolve() if reference else None,
        scheme=bool(given["scheme"] or given["grouping"]),
    )
    place = Path(work).expanduser().resolve() if work else beside(settings.lake)
    with work_folder(place, keep=keep) as fresh:
        simulated = _run(screen, settings, asked, fresh)
        _print(screen, simulated)
        _write(screen, simulated, page, document, folder)
        if keep:
            screen.say("simulate.kept", lake=near(fresh / "simulated"))
    _judge(screen, simulated)


def _run(screen: Screen, settings: Settings, asked: Asked, folder: Path) -> Simulated:
    """Simulate, and say on a terminal what is being computed."""
    from drg_pipeline.simulation.simulate import simulate

    if not screen.watched:
        return simulate(settings, asked, folder)
    from rich.console import Console

    console = Console(stderr=True)
    with console.status(screen.text("simulate.working")) as status:
        return simulate(
            settings,
            asked,
            folder,
            progress=lambda table: status.update(f"{screen.text('simulate.working')} {table}"),
        )


# -- what came of it ---------------------------------------------------------------------------


def _print(screen: Screen, simulated: Simulated) -> None:
    from drg_pipeline.simulation.sheet import sheet_of, tried_sheet

    title = {"region": simulated.region.pack.title, "span": simulated.span}
    screen.say("simulate.title", **title)
    screen.say("simulate.banner")
    tried = tried_sheet(simulated, screen.lang)
    screen.line()
    if tried.rows:
        screen.table(_grid(tried))
    else:
        screen.say("simulate.nothing_tried")
    for caveat in simulated.told_caveats(screen.lang):
        screen.line(caveat)
    say_law(screen, simulated.region, simulated.asked.months)
    for table in simulated.answers.tables:
        if table.asked.ends and table.rows:
            screen.line()
            screen.table(_grid(sheet_of(table, screen.lang, simulated.span, whole=False)))
    screen.line()
    if simulated.answers.unchanged:
        screen.say("simulate.unchanged")
    for proven in simulated.answers.proofs:
        screen.line(proven.said(screen.lang))
    screen.say(
        "simulate.done",
        seconds=simulated.seconds,
        tables=len(simulated.computed),
        partitions=sum(simulated.computed.values()),
    )


def _grid(sheet: Sheet) -> Grid:
    heads = [Heading(head.text, head.number) for head in sheet.heads]
    return Grid(sheet.title, heads, sheet.rows, more=sheet.more, footer=sheet.footer)


def _write(
    screen: Screen, simulated: Simulated, page: str | None, document: str | None, folder: str | None
) -> None:
    from drg_pipeline.commands import simulate_files as files

    for name, write in (
        (page, files.write_page),
        (document, files.write_json),
        (folder, files.write_csvs),
    ):
        if name:
            path = Path(name).expanduser().resolve()
            write(simulated, path)
            screen.say("simulate.written", path=near(path))


def _judge(screen: Screen, simulated: Simulated) -> None:
    broken = [proven.said(screen.lang) for proven in simulated.answers.proofs if proven.broken]
    if broken:
        raise DrgError(
            "What was simulated does not add up.",
            broken,
            state="Nothing of the lake was changed.",
            remedy="Do not decide by it; run the same command again, and report it if it stays.",
        )
