"""What rules across tables warn of: said after each run that it concerns, also where nothing was computed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from drg_pipeline.commands.arrivals import SHOWN
from drg_pipeline.commands.screen import Screen, shown
from drg_pipeline.periods import MONTH, YEAR, Period
from drg_pipeline.visible import one_line

if TYPE_CHECKING:
    from drg_pipeline.region import Region
    from drg_pipeline.sql.model import Invariant


def say_warnings(screen: Screen, region: Region, periods: Sequence[Period], *, verbose: bool = False) -> None:
    """Name the rows that rules which warn have found when they were last judged: for these months or years,
    and of tables without periods."""
    for rule in region.project.invariants:
        if rule.says and (files := list(_kept(region, rule, periods))):
            count, lines = _rows(region, files, None if verbose else SHOWN)
            screen.aside(screen.text("warning", count=count, says=rule.says[screen.lang]))
            for line in lines:
                screen.aside(f"  {line}")
            if len(lines) < count:
                screen.aside(f"  {screen.text('more', count=count - len(lines))}")
                screen.aside(screen.text("warning.all", file=files[0].parent))


def _kept(region: Region, rule: Invariant, periods: Sequence[Period]) -> Iterator[Path]:
    """The files of rows that break a rule in these periods, as far as it has any."""
    from drg_pipeline.lake.failing import failing_file
    from drg_pipeline.periods import WHOLE

    kind = region.project.models[rule.guards].partition
    asked: dict[str, list[Period]] = {
        MONTH: [month for period in periods for month in period.months],
        YEAR: sorted({period.year for period in periods}),
    }
    for period in asked.get(kind, [WHOLE]):
        path = failing_file(region.store, rule.guards, rule.id, period)
        if path.is_file():
            yield path


def _rows(region: Region, files: Sequence[Path], most: int | None) -> tuple[int, list[str]]:
    """How many rows these files hold, and the first ones in words."""
    from drg_pipeline.duck import file_literal, records

    source = f"read_parquet([{', '.join(map(file_literal, files))}], hive_partitioning = false)"
    with closing(region.engine.connect()) as con:
        found = records(con, f"from {source} order by all" + (f" limit {most}" if most else ""))
        count = con.execute(f"select count(*) from {source}").fetchall()[0][0]
    return int(count), [_line(row, region.layouts.personal) for row in found]


def _line(row: dict[str, object], personal: frozenset[str]) -> str:
    """A file and its line first, then each value with its column's name; nothing of a person."""
    file, line = row.pop("file", None), row.pop("line", None)
    said = {name: value for name, value in row.items() if value is not None and name not in personal}
    words = ", ".join(f"{name} {one_line(shown(value))}" for name, value in said.items())
    return f"{one_line(str(file))}:{line}: {words}" if file else words
