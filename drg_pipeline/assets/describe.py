"""What the UI shows of a table: description, law with titles, columns, lineage, preview, counts."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from typing import Any

import dagster as dg

from drg_pipeline.lake.digest import quoted
from drg_pipeline.lake.engine import Outcome, parquet
from drg_pipeline.policy import Instruments
from drg_pipeline.region import Region
from drg_pipeline.sql.lineage import kept_lineage
from drg_pipeline.sql.model import Model
from drg_pipeline.sql.project import Column, Source

PREVIEW_ROWS = 10


def key(region: str, table: str) -> dg.AssetKey:
    return dg.AssetKey([region, *table.split(".")])


def schema(columns: Mapping[str, Column], required: frozenset[str] = frozenset()) -> dg.TableSchema:
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=name,
                type=column.type.lower(),
                description=meaning(column),
                constraints=dg.TableColumnConstraints(nullable=name not in required),
            )
            for name, column in columns.items()
        ]
    )


def meaning(column: Column) -> str:
    """What a column means, with its unit where the words do not say it already."""
    return (
        f"{column.meaning} ({column.unit})"
        if column.unit and column.unit != column.meaning.lower()
        else column.meaning
    )


def law_text(instruments: Instruments, clauses: tuple[str, ...]) -> str:
    """One line a clause: its id, the document, what it says in a few words."""
    lines = []
    for clause in clauses:
        found = instruments.resolve(clause)
        lines.append(f"- `{clause}` {found.title} {found.number}: {found.note}")
    return "\n".join(lines)


def model_description(region: Region, model: Model) -> str:
    law = law_text(region.pack.instruments, model.law)
    period = {"month": "settlement month", "year": "policy year", "none": "the whole region"}[model.partition]
    parts = [model.describe, f"**Grain:** {', '.join(model.grain)} · **Partition:** {period}"]
    if law:
        parts.append(f"**Law**\n\n{law}")
    return "\n\n".join(parts)


def source_description(region: Region, source: Source) -> str:
    law = law_text(region.pack.instruments, source.law)
    return source.describe + (f"\n\n**Law**\n\n{law}" if law else "")


def model_metadata(region: Region, model: Model) -> dict[str, Any]:
    """What is known before any run."""
    columns = {name: region.project.column(model.name, name) for name in model.columns}
    required = frozenset(model.columns) - model.nullable
    return {
        "dagster/column_schema": schema(columns, required),
        "dagster/table_name": model.name,
        "grain": ", ".join(model.grain),
        "law": ", ".join(model.law),
    }


def lineage_metadata(region: Region, model: Model) -> dg.TableColumnLineage:
    return dg.TableColumnLineage(
        deps_by_column={
            column: [
                dg.TableColumnDep(asset_key=key(region.settings.region, table), column_name=name)
                for table, name in found
            ]
            for column, found in kept_lineage(
                region.project, model.name, region.store.root / ".lineage"
            ).items()
        }
    )


def preview(region: Region, outcome: Outcome) -> str:
    """The first rows of a published partition as a Markdown table, as text and without personal columns."""
    if not outcome.rows:
        return "_no rows_"
    shown = [name for name in region.project.models[outcome.table].columns if name not in region.personal]
    texts = ", ".join(f"coalesce(cast({quoted(name)} as varchar), '') as {quoted(name)}" for name in shown)
    with closing(region.engine.connect()) as con:
        frame = con.execute(f"select {texts} from {parquet([outcome.path])} limit {PREVIEW_ROWS}").df()
    return str(frame.to_markdown(index=False, disable_numparse=True))


def outcome_metadata(outcome: Outcome) -> dict[str, Any]:
    """What a run tells of one partition."""
    return {
        "dagster/row_count": dg.MetadataValue.int(outcome.rows),
        "logical_digest": outcome.digest,
        "file": dg.MetadataValue.path(str(outcome.path)),
    }
