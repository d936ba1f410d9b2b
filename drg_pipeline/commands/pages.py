"""Shows pages: asks their sheets and proofs of the lake, sets them on the terminal or as HTML.

Which tables a page has is said in `data/interface/pages`; here they are only asked and set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from drg_pipeline.commands.screen import Grid, Heading, Screen, shown
from drg_pipeline.duck import records
from drg_pipeline.errors import DrgError
from drg_pipeline.forms import load
from drg_pipeline.lake.views import open_views
from drg_pipeline.periods import MONTH, Period, span
from drg_pipeline.reports.charts import CHARTS_FILE, load_charts
from drg_pipeline.reports.draw import draw
from drg_pipeline.reports.pages import PAGES, Page, Shown, html, load_pages, page_named
from drg_pipeline.reports.sheets import Filled, Proven, fill, load_sheets, prove
from drg_pipeline.reports.svg import as_url

if TYPE_CHECKING:
    import duckdb

    from drg_pipeline.region import Region
    from drg_pipeline.settings import Settings

EXAMPLES_FILE = "examples.yml"
SHOWN_ROWS = 30


@dataclass(frozen=True)
class Examples:
    """The queries that are offered for `drg sql`: rejected rows, respelled cells, after the demo."""

    rejected: str
    respelled: str
    demo: tuple[str, ...]


def examples(settings: Settings) -> Examples:
    return load(Examples, settings.interface / EXAMPLES_FILE, f"{EXAMPLES_FILE} cannot be read.")


class Reader:
    """The pages of a region, and its lake."""

    def __init__(self, region: Region) -> None:
        self.region = region
        self.sheets = load_sheets(region.settings.models)
        self.charts = load_charts(region.settings.interface / CHARTS_FILE, region.project)
        self.pages = load_pages(region.settings.interface / PAGES, self.sheets, self.charts)

    def page(self, name: str) -> Page:
        return page_named(self.pages, name)

    def print(self, screen: Screen, asked: Mapping[str, Sequence[Period]]) -> None:
        """Print pages, each of its periods; DrgError where a proof fails."""
        broken: list[str] = []
        with self._views() as con:
            for name, periods in asked.items():
                page = self.page(name)
                for filled in self._filled(con, page, periods, screen.lang):
                    if filled.rows:
                        screen.line()
                        screen.table(_grid(filled))
                screen.line()
                for proven in self._proofs(con, page, periods):
                    screen.line(proven.said(screen.lang))
                    broken += [proven.said(screen.lang)] if proven.broken else []
        if broken:
            raise not_adding_up(broken)

    def html(self, page: Page, periods: Sequence[Period], screen: Screen) -> tuple[str, list[str]]:
        """A page as HTML, and the proofs that do not hold."""
        pack = self.region.pack
        with self._views() as con:
            proofs = self._proofs(con, page, periods)
            marks = sorted({mark for period in periods if (mark := pack.mark(period))})
            content = Shown(
                page.title[screen.lang].format(span=span(periods)),
                pack.title,
                tuple(screen.text("page.mark", mark=mark) for mark in marks),
                self._filled(con, page, periods, screen.lang),
                [(proven.said(screen.lang), not proven.broken) for proven in proofs],
                list(self._pictures(con, page, periods)),
            )
        return html(content, screen.lang), [proven.said(screen.lang) for proven in proofs if proven.broken]

    def _views(self) -> closing[duckdb.DuckDBPyConnection]:
        return closing(open_views(self.region.store, self.region.project.macros))

    def _filled(
        self, con: duckdb.DuckDBPyConnection, page: Page, periods: Sequence[Period], lang: str
    ) -> list[Filled]:
        found = _parameters(page, periods)
        return [fill(con, self.sheets.sheets[name], lang, span(periods), found) for name in page.sheets]

    def _proofs(self, con: duckdb.DuckDBPyConnection, page: Page, periods: Sequence[Period]) -> list[Proven]:
        given = _parameters(page, periods)
        asked = (self.sheets.proofs[name] for name in page.proofs)
        return [prove(con, proof.sql, proof.title, proof.unit, given) for proof in asked]

    def _pictures(
        self, con: duckdb.DuckDBPyConnection, page: Page, periods: Sequence[Period]
    ) -> list[tuple[str, str]]:
        """The charts of the page's last period."""
        pictures: list[tuple[str, str]] = []
        for chart in (chart for table in page.charts for chart in self.charts[table]):
            last = str(periods[-1])
            svg = draw(chart, records(con, chart.query, {"period": last}), last)
            pictures.append((chart.titled(last), as_url(svg)))
        return pictures


def _parameters(page: Page, periods: Sequence[Period]) -> dict[str, object]:
    values = [period.value for period in periods]
    return {page.parameter: values if page.kind == MONTH else values[0]}


def _grid(filled: Filled) -> Grid:
    """A sheet for the terminal; the first column of the line of sums says what it is."""
    sums = ["Σ", *(shown(value, grouped=True) for value in filled.sums[1:])]
    return Grid(
        filled.title,
        [Heading(head, number=filled.is_number(place)) for place, head in enumerate(filled.headings)],
        [[shown(value, grouped=True) for value in row] for row in filled.rows[:SHOWN_ROWS]],
        more=max(len(filled.rows) - SHOWN_ROWS, 0),
        footer=sums if len(filled.rows) > 1 else (),
    )


def not_adding_up(broken: Sequence[str]) -> DrgError:
    return DrgError(
        "What was computed does not add up.",
        broken,
        state="It is published all the same: the checks of its tables passed.",
        remedy="Do not pay by it; run the same command again, and report it if it stays.",
    )
