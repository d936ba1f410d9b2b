"""The charts that `data/interface/charts.yml` describes: of which table, of what kind, by which query.

Reads and refuses; how a chart is drawn is `draw`'s, what its query computes is SQL's.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

from drg_pipeline.forms import Place, one_of, read_form
from drg_pipeline.sql.project import Project
from drg_pipeline.sql.query import parsed, tables_of
from drg_pipeline.sql.select import Select

CHARTS_FILE = "charts.yml"
KINDS = ("bars", "lines", "scatter", "waterfall")
# What a chart may name of its query's columns.
ROLES = ("x", "y", "series", "reference", "label", "total")


@dataclass(frozen=True)
class Chart:
    """One picture of a table's period.

    x, y      columns: bars and waterfall name by x and measure y; lines and scatter put x across, y up
    series    column that parts the rows into lines or colours
    reference column with the figure that a line across stands for (bars)
    label     column with what is written beside a dot, empty for most (scatter)
    total     column that is true for the rows that stand for themselves (waterfall)
    axis      from where the scale of y begins
    """

    table: str
    title: str
    kind: Annotated[str, one_of(KINDS)]
    x: str
    y: str
    unit: str
    query: Select
    format: Literal["number", "percent"] = "number"
    scale: Literal["linear", "log"] = "linear"
    axis: Literal["zero", "data"] = "zero"
    note: str = ""
    series: str | None = None
    reference: str | None = None
    label: str | None = None
    total: str | None = None

    def check(self, place: Place) -> None:
        if self.kind == "waterfall" and self.total is None:
            place.at("total").fault("missing key: a waterfall says which rows are totals")
        found = parsed(self.query).columns
        for role in ROLES:
            name = getattr(self, role)
            if name and found is not None and name not in found:
                place.at("query").fault(f"does not select {name}, which {role} names")

    def check_tables(self, place: Place, known: Collection[str], wrong: Callable[[str], str]) -> None:
        """Faults of the table beside which the chart stands, and of those that its query reads.

        known  the tables beside which it may stand
        wrong  says of a table that its query reads what is wrong with it, or ''
        """
        if self.table and self.table not in known:
            place.at("table").fault(f"{self.table!r} is no table that is computed: name one")
        for told in filter(None, map(wrong, self.tables)):
            place.at("query").fault(told)

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that its query reads."""
        return tables_of(self.query)

    @property
    def percent(self) -> bool:
        return self.format == "percent"

    def titled(self, period: str) -> str:
        return self.title.replace("{period}", period)


@dataclass(frozen=True)
class _File:
    charts: tuple[Chart, ...]


def load_charts(path: Path, project: Project) -> dict[str, list[Chart]]:
    """The charts of each table, in the order of the file; everything that is wrong with it at once."""
    place = Place(path.name)
    charts: dict[str, list[Chart]] = {}
    for position, chart in enumerate(read_form(_File, path, place).charts, 1):
        here = place.at("charts").item(position)
        chart.check_tables(here, project.models, partial(unreadable, project))
        charts.setdefault(chart.table, []).append(chart)
    place.refuse(f"The charts in {path} cannot be drawn.", "Correct the file.")
    return charts


def unreadable(project: Project, table: str) -> str:
    """Why a chart cannot read a table, or ''."""
    if table not in project.models and table not in project.sources:
        return f"reads {table}, which nothing provides"
    if project.partition_of(table) == "delivery":
        return f"reads {table}, which is not a table of the lake: read what is computed from it"
    return ""
