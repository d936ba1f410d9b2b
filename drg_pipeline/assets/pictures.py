"""The charts of a table's published periods, as metadata that the UI shows.

Which charts there are is data (`data/interface/charts.yml`), their figures are SQL's. A picture is for
reading: one that cannot be drawn says so in its place and stops no step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import dagster as dg
import duckdb

from drg_pipeline.duck import records
from drg_pipeline.lake.outcome import Outcome
from drg_pipeline.periods import Period
from drg_pipeline.region import Region
from drg_pipeline.reports.charts import CHARTS_FILE, Chart, load_charts
from drg_pipeline.reports.draw import draw
from drg_pipeline.reports.markdown import plain
from drg_pipeline.reports.svg import as_image
from drg_pipeline.sql.model import Model

CHART = "chart"


@lru_cache(maxsize=8)
def charts_of(region: Region) -> Mapping[str, Sequence[Chart]]:
    """The charts of a region's tables, read once."""
    return load_charts(region.settings.interface / CHARTS_FILE, region.project)


def pictures(
    region: Region, con: duckdb.DuckDBPyConnection, model: Model, outcomes: Sequence[Outcome]
) -> dict[Period, dg.MetadataValue]:
    """Period -> its charts, one below the other; nothing for a table that has none."""
    charts = charts_of(region).get(model.name, ())
    published = [outcome.partition for outcome in outcomes if outcome.published]
    if not charts or not published:
        return {}
    for table in sorted({table for chart in charts for table in chart.tables}):
        files = region.store.partitions(table, region.project.partition_of(table))
        region.engine.inputs.view(con, table, list(files.values()))
    return {
        period: dg.MetadataValue.md("\n\n".join(_image(con, chart, str(period)) for chart in charts))
        for period in published
    }


def _image(con: duckdb.DuckDBPyConnection, chart: Chart, period: str) -> str:
    try:
        svg = draw(chart, records(con, chart.query, {"period": period}), period)
    except (duckdb.Error, ArithmeticError, ValueError, TypeError) as error:
        return f"{plain(chart.titled(period))}: could not be drawn. {plain(error)}"
    return as_image(svg, chart.titled(period))
