"""`drg report`: the pages of `data/interface/pages`, on the terminal or as HTML."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from drg_pipeline.commands.options import (
    check_writable,
    language,
    near,
    page_faults,
    region_of,
    region_options,
)
from drg_pipeline.commands.run import read_periods
from drg_pipeline.commands.screen import Screen
from drg_pipeline.commands.sql import check_lake
from drg_pipeline.errors import Fault, WrongUse
from drg_pipeline.files import write_text
from drg_pipeline.periods import MONTH, YEAR, Period


@click.command("report", short_help="Show a page of what was computed.")
@language
@region_options()
@click.argument("page")
@click.option("--months", metavar="MONTHS", help="2025-01, 2025-01..2025-12, or a list with commas.")
@click.option("--year", metavar="YYYY", help="The year, of a page about a year.")
@click.option("--html", metavar="FILE", help="Write the page, in Chinese unless --lang says otherwise.")
def report(
    screen: Screen, page: str, months: str | None, year: str | None, html: str | None, **given: Any
) -> None:
    """Show PAGE (month, year) of what was computed: its tables, whether its sums come out, its charts.

    Reads the lake, also while a run writes. A sum that does not come out ends it with 1.
    """
    settings = region_of(screen, given)
    from drg_pipeline.commands.pages import Reader, not_adding_up
    from drg_pipeline.region import Region

    reader = Reader(Region(settings))
    asked = reader.page(page)
    periods, faults = _asked(asked.kind, months, year)
    faults += page_faults(html)
    if faults:
        raise WrongUse(f"The page {page} cannot be shown.", faults, state="Nothing was written.")
    check_lake(settings)
    if html is None:
        reader.print(screen, {page: periods})
        return
    target = Path(html).absolute()
    check_writable(target.parent)
    shown, broken = reader.html(asked, periods, screen)
    write_text(target, shown)
    screen.say("report.written", file=near(target))
    if broken:
        raise not_adding_up(broken)


def _asked(kind: str, months: str | None, year: str | None) -> tuple[list[Period], list[Fault]]:
    """The periods that are meant, and what is wrong with how they are named."""
    options = {MONTH: ("--months", months), YEAR: ("--year", year)}
    wanted, given = options.pop(kind)
    [(other, also_given)] = options.values()
    faults = [] if also_given is None else [Fault(other, "is not what the page is about")]
    if given is None:
        return [], [Fault(wanted, f"the page is about a {kind}: name it"), *faults]
    periods, wrong = read_periods(given, None) if kind == MONTH else read_periods(None, given)
    return periods, faults + wrong
