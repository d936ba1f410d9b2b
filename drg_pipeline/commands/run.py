"""`drg run` and `drg clear`: months, and a year, through the same assets as the Dagster UI."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from drg_pipeline.commands.options import FOLDERS, language, region_options, settings_of, verbose
from drg_pipeline.commands.screen import Screen
from drg_pipeline.errors import Fault, WrongUse
from drg_pipeline.settings import Settings

if TYPE_CHECKING:
    from drg_pipeline.region import Region


@click.command("run", short_help="Compute months.")
@language
@region_options()
@click.option(
    "--months", required=True, metavar="MONTHS", help="2025-01, 2025-01..2025-12, or a list with commas."
)
@click.option("--through", metavar="LAYER.TABLE", help="Stop at this table of the months.  [default: all]")
@verbose
def run(screen: Screen, months: str, through: str | None, verbose: bool, **given: Any) -> None:
    """Compute months: take in what has arrived, bring what they still need, settle them.

    What is there and would not change is not computed again.
    """
    asked, faults = read_months(months, Settings.first_month)
    settings = settings_of(given, FOLDERS, faults)
    compute_months(screen, settings, asked, through=through, verbose=verbose)


@click.command("clear", short_help="Clear a year.")
@language
@region_options()
@click.option("--year", required=True, metavar="YYYY", help="The year to clear.")
@verbose
def clear(screen: Screen, year: str, verbose: bool, **given: Any) -> None:
    """Clear a year: bring its history, calibration and months as far as they are missing, then clear it."""
    settings = settings_of(given, FOLDERS, year_faults(year, Settings.first_month))
    compute_year(screen, settings, year, verbose=verbose)


def compute_months(
    screen: Screen,
    settings: Settings,
    months: Sequence[str],
    *,
    through: str | None = None,
    verbose: bool = False,
) -> None:
    """Run months and print them."""
    from drg_pipeline.commands.progress import Watch
    from drg_pipeline.lake.views import write_views_file
    from drg_pipeline.region import Region
    from drg_pipeline.runs import Runner

    region = Region(settings)
    if through is not None:
        check_table(region, through)
    with Watch(screen, region, verbose=verbose) as watch:
        Runner(region, watch.started).months(months, through)
    write_views_file(region.store)
    if through is None:
        print_months(screen, region, months)
    else:
        say_counts(screen, region, through, months)
    say_law(screen, region, "month", months)


def compute_year(screen: Screen, settings: Settings, year: str, *, verbose: bool = False) -> None:
    """Clear a year and print its months and its clearing."""
    from drg_pipeline.commands.progress import Watch
    from drg_pipeline.lake.views import write_views_file
    from drg_pipeline.region import Region
    from drg_pipeline.runs import Runner

    region = Region(settings)
    with Watch(screen, region, verbose=verbose) as watch:
        Runner(region, watch.started).clear(year)
    write_views_file(region.store)
    print_year(screen, region, year)
    say_law(screen, region, "year", [year])


# -- what is asked -----------------------------------------------------------------------------


def read_months(text: str, first: str, option: str = "--months") -> tuple[list[str], list[Fault]]:
    """The months that a text names, and everything that is wrong with it."""
    from drg_pipeline.lake.periods import parse_months

    months: set[str] = set()
    faults: list[Fault] = []
    for part in text.split(","):
        try:
            months |= set(parse_months(part))
        except WrongUse as error:
            faults.append(Fault(option, f"{error.headline} {error.remedy}"))
    return sorted(months), faults + _outside(option, sorted(months), first)


def year_faults(year: str, first: str) -> list[Fault]:
    from drg_pipeline.lake.periods import months_of

    if not (year.isascii() and year.isdecimal() and len(year) == 4):
        return [Fault("--year", f"{year!r} is not a year. Write it as 2025.")]
    return _outside("--year", months_of(year), first)


def _outside(option: str, months: Sequence[str], first: str) -> list[Fault]:
    """Months before the lake's first partition, and months that have not begun."""
    now = f"{date.today():%Y-%m}"
    early, late = [m for m in months if m < first], [m for m in months if m > now]
    faults = [Fault(option, f"the lake begins with {first}, after {span_of(early)}")] if early else []
    return [*faults, Fault(option, f"{span_of(late)} has not begun")] if late else faults


def check_table(region: Region, table: str) -> None:
    """WrongUse for what is not a table of months, with the names that were probably meant."""
    import difflib

    monthly = [name for name, model in region.project.models.items() if model.partition == "month"]
    if table in monthly:
        return
    close = difflib.get_close_matches(table, monthly, n=3, cutoff=0.5)
    close += [name for name in monthly if name.split(".")[1] == table and name not in close]
    raise WrongUse(
        f"--through {table}: no table of months has this name.",
        state="Nothing was changed.",
        remedy=f"{'Was one of these meant' if close else 'Choose one of'}: {', '.join(close or monthly)}.",
    )


# -- what came of it ---------------------------------------------------------------------------


def print_months(screen: Screen, region: Region, months: Sequence[str]) -> None:
    from drg_pipeline.commands.pages import Reader

    Reader(region).print(screen, {"month": months})


def print_year(screen: Screen, region: Region, year: str) -> None:
    from drg_pipeline.commands.pages import Reader
    from drg_pipeline.lake.periods import months_of

    Reader(region).print(screen, {"month": months_of(year), "year": [year]})


def span_of(periods: Sequence[str]) -> str:
    """`2025-01..2025-12`; one period stands alone, and a list with gaps is written out."""
    from drg_pipeline.lake.periods import months_between

    if len(periods) < 2:
        return "".join(periods)
    whole = len(periods[0]) == 4 or list(periods) == months_between(periods[0], periods[-1])
    return f"{periods[0]}..{periods[-1]}" if whole else ", ".join(periods)


def say_counts(screen: Screen, region: Region, table: str, months: Sequence[str]) -> None:
    from contextlib import closing

    from drg_pipeline.lake.views import open_views, row_counts

    there = region.store.partitions(table, "month")
    files = [there[month] for month in months if month in there]
    with closing(open_views(region.store)) as con:
        rows = row_counts(con, {table: files})[table]
    screen.say("through", table=table, partitions=len(files), rows=rows)


def say_law(screen: Screen, region: Region, kind: str, periods: Sequence[str]) -> None:
    """Which of the periods rest on the overlay's law, and which on law that nobody has confirmed."""
    pack = region.pack
    marked = [period for period in periods if pack.mark(period)]
    if marked and pack.overlay:
        screen.say("law.mark", mark=pack.overlay.marks, span=span_of(marked), reason=pack.overlay.reason)
    stale = {
        (period, found.parameter): found.confirmed_until
        for period in periods
        for table in region.side.law_tables(kind)
        for found in pack.stale(table, period)
    }
    if stale:
        late = sorted({period for period, _ in stale})
        names = {name for _, name in stale}
        screen.say("law.stale", span=span_of(late), count=len(names), day=min(stale.values()))
