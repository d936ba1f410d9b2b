"""The charts that `data/interface/charts.yml` describes: of which table, of what kind, by which query.

Reads and refuses; how a chart is drawn is `draw`'s, what its query computes is SQL's.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import sqlglot.errors

from drg_pipeline.errors import DrgError
from drg_pipeline.forms import Place, read_yaml
from drg_pipeline.sql.project import Project
from drg_pipeline.sql.query import selected, tables_of

CHARTS_FILE = "charts.yml"
KINDS = ("bars", "lines", "scatter", "waterfall")
FORMATS = ("number", "percent")
SCALES = ("linear", "log")
FROM = ("zero", "data")
# What a chart may name of its query's columns beside x and y.
ROLES = ("series", "reference", "label", "total")


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
    kind: str
    x: str
    y: str
    unit: str
    query: str
    tables: tuple[str, ...]
    format: str = "number"
    scale: str = "linear"
    axis: str = "zero"
    note: str = ""
    series: str | None = None
    reference: str | None = None
    label: str | None = None
    total: str | None = None

    @property
    def percent(self) -> bool:
        return self.format == "percent"

    def titled(self, period: str) -> str:
        return self.title.replace("{period}", period)


def load_charts(path: Path, project: Project) -> dict[str, list[Chart]]:
    """The charts of each table, in the order of the file; everything that is wrong with it at once."""
    place = Place(path.name)
    content = read_yaml(path, place)
    charts: dict[str, list[Chart]] = {}
    if content is not None:
        top = place.mapping(content, ["charts"])
        listed = place.at("charts")
        for position, node in enumerate(listed.sequence(top.get("charts"), "charts"), 1):
            chart = read_chart(listed.item(position), node, project.models, partial(unreadable, project))
            if chart:
                charts.setdefault(chart.table, []).append(chart)
    if place.faults:
        raise DrgError(f"The charts in {path} cannot be drawn.", place.faults, remedy="Correct the file.")
    return charts


def read_chart(here: Place, node: Any, known: Collection[str], wrong: Callable[[str], str]) -> Chart | None:
    """One chart; None where its faults leave nothing to draw.

    known  the tables beside which it may stand
    wrong  says of a table that its query reads what is wrong with it, or ''
    """
    before = len(here.faults)
    choices = {"format": FORMATS, "scale": SCALES, "axis": FROM}
    keys = here.mapping(
        node, ["table", "title", "kind", "x", "y", "unit", "query"], [*choices, *ROLES, "note"]
    )
    texts = {name: here.at(name).text(value) for name, value in keys.items()}
    if "kind" in texts:
        here.at("kind").choice(texts["kind"], KINDS)
    for name, allowed in choices.items():
        if name in texts:
            here.at(name).choice(texts[name], allowed)
    if texts.get("table", "") not in known:
        here.at("table").fault(f"{texts.get('table')!r} is no table that is computed: name one")
    if texts.get("kind") == "waterfall" and "total" not in texts:
        here.at("total").fault("missing key: a waterfall says which rows are totals")
    tables = _query(here.at("query"), texts, wrong) if texts.get("query") else ()
    if len(here.faults) > before:
        return None
    return Chart(tables=tables, **texts)


def _query(here: Place, texts: Mapping[str, str], wrong: Callable[[str], str]) -> tuple[str, ...]:
    """The tables that a chart's query reads."""
    try:
        names, tables = selected(texts["query"]), tables_of(texts["query"])
    except (sqlglot.errors.SqlglotError, DrgError) as error:
        here.fault(f"is not one SELECT ({str(error).splitlines()[0]}): correct it")
        return ()
    for role in ("x", "y", *ROLES):
        if role in texts and texts[role] not in names:
            here.fault(f"does not select {texts[role]}, which {role} names")
    for told in filter(None, map(wrong, tables)):
        here.fault(told)
    return tables


def unreadable(project: Project, table: str) -> str:
    """Why a chart cannot read a table, or ''."""
    if table not in project.models and table not in project.sources:
        return f"reads {table}, which nothing provides"
    if project.partition_of(table) == "delivery":
        return f"reads {table}, which is not a table of the lake: read what is computed from it"
    return ""
