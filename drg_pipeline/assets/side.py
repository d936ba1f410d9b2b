"""What a run tells of the tables from the side: rows, digest, file and a preview, as of computed tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg
import duckdb

from drg_pipeline.assets.describe import preview
from drg_pipeline.ingest.landed import LANDED
from drg_pipeline.ingest.records import count_of
from drg_pipeline.lake.store import footers
from drg_pipeline.lake.views import row_counts
from drg_pipeline.periods import NONE, WHOLE, Period
from drg_pipeline.region import Region, Written
from drg_pipeline.sql.project import Source

Told = Iterator[tuple[Period, dict[str, Any]]]


def side_metadata(
    region: Region, con: duckdb.DuckDBPyConnection, source: Source, written: Sequence[Written]
) -> Told:
    """(partition, metadata) of each partition that a run looked after; deliveries are told of together."""
    if source.partition == "delivery":
        yield from _delivered(region, con, source)
        return
    own = [each for each in written if each.table == source.name] or _standing(region, con, source)
    for each in own:
        path = region.store.file(source.name, each.partition)
        metadata: dict[str, Any] = {
            "dagster/row_count": dg.MetadataValue.int(each.rows),
            "logical_digest": each.digest,
            "file": dg.MetadataValue.path(str(path)),
        }
        if each is own[-1]:
            metadata["preview"] = preview(region, con, source.name, path)
        yield each.partition, metadata


def _standing(region: Region, con: duckdb.DuckDBPyConnection, source: Source) -> list[Written]:
    """A whole table that the run found up to date, as it stands in the lake."""
    path = region.store.file(source.name, WHOLE)
    if source.partition != NONE or not path.is_file():
        return []
    return [
        Written(source.name, WHOLE, found.rows, found.digest, changed=False)
        for found in footers(con, [path]).values()
    ]


def _delivered(region: Region, con: duckdb.DuckDBPyConnection, source: Source) -> Told:
    """The accepted rows of all deliveries; the preview shows the last delivery's."""
    name = f"{source.name.split('.')[1]}.parquet"
    landed = region.engine.inputs.landed()
    files = [path for folder in landed.values() if (path := folder / name).is_file()]
    rows = row_counts(con, {source.name: files})[source.name]
    metadata: dict[str, Any] = {
        "dagster/row_count": dg.MetadataValue.int(rows),
        "deliveries": dg.MetadataValue.int(len(landed)),
    }
    if files and source.columns.get("respelled") == LANDED["respelled"]:
        rows_of_all = region.engine.inputs.rows(source.name, files)
        cells = count_of(con, f"select coalesce(sum(len(respelled)), 0) from {rows_of_all}")
        metadata["respelled cells"] = dg.MetadataValue.int(cells)
    if files:
        metadata["preview"] = preview(region, con, source.name, files[-1])
    yield WHOLE, metadata
