"""`drg run` and `drg clear`: months, and a year, through the same assets as the Dagster UI."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from drg_pipeline.commands.arrivals import SHOWN, asides_of, wait_for_deliveries, waiting
from drg_pipeline.commands.options import FOLDERS, language, region_options, settings_of, verbose
from drg_pipeline.commands.screen import Screen, one_line
from drg_pipeline.commands.warnings import say_warnings
from drg_pipeline.errors import Fault, WrongUse
from drg_pipeline.messages import bounded
from drg_pipeline.periods import YEAR, Period, contiguous, month_of, parse_periods, span
from drg_pipeline.settings import Settings

if TYPE_CHECKING:
    from drg_pipeline.region import Region, Standing

once_more = click.option(
    "--again", is_flag=True, help="Compute also what stands: nothing that it rests on has changed."
)


@click.command("run", short_help="Compute months.")
@language
@region_options()
@click.option(
    "--months", required=True, metavar="MONTHS", help="2025-01, 2025-01..2025-12, or a list with commas."
)
@click.option("--through", metavar="LAYER.TABLE", help="Stop at this table of the months.  [default: all]")
@waiting
@once_more
@verbose
def run(
    screen: Screen,
    months: str,
    through: str | None,
    wait: int | None,
    again: bool,
    verbose: bool,
    **given: Any,
) -> None:
    """Compute months: take in what has arrived, bring what they still need, settle them.

    What is there and would not change is not computed again.
    """
    asked, faults = read_periods(months, None)
    settings = settings_of(screen, given, FOLDERS, faults)
    compute_months(screen, settings, asked, through=through, wait=wait, again=again, verbose=verbose)


@click.command("clear", short_help="Clear a year.")
@language
@region_options()
@click.option("--year", required=True, metavar="YYYY", help="The year to clear.")
@waiting
@once_more
@verbose
def clear(screen: Screen, year: str, wait: int | None, again: bool, verbose: bool, **given: Any) -> None:
    """Clear a year: bring its history, calibration and months as far as they are missing, then clear it."""
    asked, faults = read_periods(None, year)
    settings = settings_of(screen, given, FOLDERS, faults)
    compute_year(screen, settings, asked[0], wait=wait, again=again, verbose=verbose)


def compute_months(
    screen: Screen,
    settings: Settings,
    months: Sequence[Period],
    *,
    through: str | None = None,
    wait: int | None = None,
    again: bool = False,
    verbose: bool = False,
) -> None:
    """Run months and print them.

    wait   seconds for deliveries that are still arriving; None: as long as they may take
    again  compute what stands, too
    """
    from drg_pipeline.commands.progress import Watch
    from drg_pipeline.lake.views import write_views_file
    from drg_pipeline.region import Region, Standing

    region = Region(settings)
    if through is not None:
        check_table(region, through)
    wait_for_deliveries(screen, region, wait)
    standing = Standing(region, f"months {','.join(map(str, months))} {through or ''}".rstrip())
    if again or not stands(screen, standing, months, verbose=verbose):
        from drg_pipeline.runs import Runner

        with Watch(screen, region, verbose=verbose) as watch:
            runner = Runner(region, watch.started)
            runner.months(months, through)
        write_views_file(region.store, region.project.meanings())
        standing.note(lambda: runner.stands_for_months(months, through))
    say_warnings(screen, region, months, verbose=verbose)
    if through is None:
        print_months(screen, region, months)
    else:
        say_counts(screen, region, through, months)
    say_law(screen, region, months)


def compute_year(
    screen: Screen,
    settings: Settings,
    year: Period,
    *,
    wait: int | None = None,
    again: bool = False,
    verbose: bool = False,
) -> None:
    """Clear a year and print its months and its clearing; options as for months."""
    from drg_pipeline.commands.progress import Watch
    from drg_pipeline.lake.views import write_views_file
    from drg_pipeline.region import Region, Standing

    region = Region(settings)
    wait_for_deliveries(screen, region, wait)
    standing = Standing(region, f"clearing {year}")
    if again or not stands(screen, standing, [year], verbose=verbose):
        from drg_pipeline.runs import Runner

        with Watch(screen, region, verbose=verbose) as watch:
            runner = Runner(region, watch.started)
            runner.clear(year)
        write_views_file(region.store, region.project.meanings())
        standing.note(lambda: runner.stands_for_year(year))
    say_warnings(screen, region, [year, *year.months], verbose=verbose)
    print_year(screen, region, year)
    say_law(screen, region, [year])


def stands(screen: Screen, standing: Standing, periods: Sequence[Period], *, verbose: bool) -> bool:
    """Whether there is nothing to compute, which is said; else what was altered is unpublished."""
    found = standing.find()
    if found.stands:
        screen.aside(screen.text("stands", span=_span(periods), at=found.at.replace("T", " ")))
        for line in asides_of(screen, standing.asides, verbose=verbose):
            screen.aside(line)
        for note in standing.region.side.reference_notes():
            if note.startswith("warning"):
                screen.aside(f"  {one_line(note)}")
        return True
    for path in found.altered:
        screen.aside(screen.text("stands.altered", file=path))
    for path in standing.remove(found.altered):
        screen.aside(screen.text("stands.closed", file=path))
    if verbose and found.changed:
        for line in bounded(found.changed, SHOWN, screen.lang):
            screen.aside(screen.text("stands.changed", what=one_line(line)))
    return False


def _span(periods: Sequence[Period]) -> str:
    return ", ".join(span(part) for part in contiguous(periods))


# -- what is asked -----------------------------------------------------------------------------


def read_periods(
    months: str | None, year: str | None, option: str = "--months"
) -> tuple[list[Period], list[Fault]]:
    """The periods that the option for months or `--year` name, and everything that is wrong with them."""
    if (months is None) == (year is None):
        return [], [Fault(f"{option}, --year", "name one of the two")]
    option = "--year" if months is None else option
    periods: set[Period] = set()
    faults: list[Fault] = []
    for part in str(year or months).split(","):
        try:
            periods.update(parse_periods(part) if year is None else [Period.of(part, YEAR)])
        except WrongUse as error:
            faults.append(Fault(option, f"{error.headline} {error.remedy}"))
    return sorted(periods), faults + _outside(option, sorted(periods))


def _outside(option: str, periods: Sequence[Period]) -> list[Fault]:
    """Months before the lake's first partition, and months that have not begun."""
    months = [month for period in periods for month in period.months]
    first, now = Settings.first_month, month_of(date.today())
    early, late = [m for m in months if m < first], [m for m in months if m > now]
    faults = [Fault(option, f"the lake begins with {first}, after {span(early)}")] if early else []
    return [*faults, Fault(option, f"{span(late)} has not begun")] if late else faults


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


def print_months(screen: Screen, region: Region, months: Sequence[Period]) -> None:
    from drg_pipeline.commands.pages import Reader

    Reader(region).print(screen, {"month": months})


def print_year(screen: Screen, region: Region, year: Period) -> None:
    from drg_pipeline.commands.pages import Reader

    Reader(region).print(screen, {"month": year.months, "year": [year]})


def say_counts(screen: Screen, region: Region, table: str, months: Sequence[Period]) -> None:
    from contextlib import closing

    from drg_pipeline.lake.views import open_views, row_counts

    there = region.store.partitions(table, "month")
    files = [there[month] for month in months if month in there]
    with closing(open_views(region.store)) as con:
        rows = row_counts(con, {table: files})[table]
    screen.say("through", table=table, partitions=len(files), rows=rows)


def say_law(screen: Screen, region: Region, periods: Sequence[Period]) -> None:
    """Which of the periods rest on the overlay's law, and which on law that nobody has confirmed."""
    pack = region.pack
    marked = [period for period in periods if pack.mark(period)]
    if marked and pack.overlay:
        screen.say("law.mark", mark=pack.overlay.marks, span=span(marked), reason=pack.overlay.reason)
    stale = {
        (period, found.parameter): found.confirmed_until
        for period in periods
        for table in region.side.law_tables(period.kind)
        for found in pack.stale(table, period)
    }
    if stale:
        late = sorted({period for period, _ in stale})
        names = {name for _, name in stale}
        screen.say("law.stale", span=span(late), count=len(names), day=min(stale.values()))
