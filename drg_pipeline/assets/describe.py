"""What the UI shows of a table: its step, description, law with titles, columns, lineage, preview, counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb

from drg_pipeline.duck import quoted
from drg_pipeline.forms import Column
from drg_pipeline.lake.outcome import Outcome
from drg_pipeline.policy import Instruments
from drg_pipeline.policy.instruments import article_of
from drg_pipeline.policy.parameter import OPEN
from drg_pipeline.region import Region
from drg_pipeline.reports.markdown import code, table
from drg_pipeline.sql.lineage import Lineage, kept_lineage
from drg_pipeline.sql.model import Model
from drg_pipeline.sql.project import Source

PREVIEW_ROWS = 10
NO_ROWS = "_no rows_"
OWNER = "settlement"
PERIODS = {
    "month": "settlement month",
    "year": "policy year",
    "none": "the whole region",
    "delivery": "none; it grows by deliveries",
}


def key(region: str, table: str) -> dg.AssetKey:
    return dg.AssetKey([region, *table.split(".")])


# -- where a table belongs ---------------------------------------------------------------------


def group_of(region: Region, layer: str) -> str:
    """The group of a layer's tables; its number lets lists of groups read as the payment procedure."""
    return f"{_step(region, layer):02}_{layer}"


def owners_of(region: Region, layer: str) -> list[str]:
    owner = region.project.layers[_step(region, layer) - 1].owner
    return [f"team:{owner or OWNER}"]


def step_text(region: Region, layer: str) -> str:
    """Which step of the procedure a table is of, and what the step is for."""
    layers, step = region.project.layers, _step(region, layer)
    own = layers[step - 1]
    return f"**Step {step} of {len(layers)}, {own.name} {own.title}:** {own.describe}"


def _step(region: Region, layer: str) -> int:
    return [own.name for own in region.project.layers].index(layer) + 1


# -- what it is --------------------------------------------------------------------------------


def schema(columns: Mapping[str, Column], required: frozenset[str] = frozenset()) -> dg.TableSchema:
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=name,
                type=column.type.lower(),
                description=column.explained,
                constraints=dg.TableColumnConstraints(nullable=name not in required),
            )
            for name, column in columns.items()
        ]
    )


def law_text(instruments: Instruments, clauses: tuple[str, ...]) -> str:
    """One line a clause: its id, the document with its number, the article, what it says in a few words."""
    lines = []
    for clause in clauses:
        if clause == OPEN:
            lines.append(f"- {OPEN}: the law says nothing of it")
            continue
        found = instruments.resolve(clause)
        article = article_of(clause)
        where = f"第{article}条" if article else ""
        lines.append(f"- `{clause}` 《{found.title}》（{found.number}）{where}: {found.note}")
    return "\n".join(lines)


def model_description(region: Region, model: Model) -> str:
    period = PERIODS[model.partition]
    about = _description(region, model.layer, model.describe, model.grain, period, model.law)
    members = "\n".join(f"- {code(one.name)}: {one.describe}" for one in model.members)
    return about + (f"\n\n**Gathered from**\n\n{members}" if members else "")


def source_description(region: Region, source: Source) -> str:
    layer, period = source.name.split(".")[0], PERIODS[source.partition]
    about = _description(region, layer, source.describe, source.grain, period, source.law)
    choices = _choices(region, source.name)
    return about + (f"\n\n**Left open by the law, and chosen**\n\n{choices}" if choices else "")


def _description(
    region: Region, layer: str, describe: str, grain: Sequence[str], period: str, law: tuple[str, ...]
) -> str:
    parts = [describe, f"**Grain:** {', '.join(grain)} · **Partition:** {period}", step_text(region, layer)]
    if law:
        parts.append(f"**Law**\n\n{law_text(region.pack.instruments, law)}")
    return "\n\n".join(parts)


def _choices(region: Region, name: str) -> str:
    """The values of a table of the law that no clause gives, with the reasons."""
    if name not in region.pack.tables:
        return ""
    chosen: dict[str, list[str]] = {}
    for parameter in region.pack.tables[name].parameters:
        for value in parameter.values:
            if value.law == OPEN and parameter.name not in chosen.setdefault(value.reason, []):
                chosen[value.reason].append(parameter.name)
    return "\n".join(f"- {', '.join(map(code, names))}: {reason}" for reason, names in chosen.items())


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


def source_metadata(source: Source) -> dict[str, Any]:
    """What is known of a table from the side before any run."""
    return {
        "dagster/column_schema": schema(source.columns),
        "dagster/table_name": source.name,
        "grain": ", ".join(source.grain),
        "law": ", ".join(source.law),
    }


def lineage_of(region: Region, model: Model) -> Lineage:
    return kept_lineage(region.project, model.name, region.store.root / ".lineage")


def lineage_metadata(region: Region, lineage: Lineage) -> dg.TableColumnLineage:
    return dg.TableColumnLineage(
        deps_by_column={
            column: [
                dg.TableColumnDep(asset_key=key(region.settings.region, table), column_name=name)
                for table, name in found
            ]
            for column, found in lineage.items()
        }
    )


def lineage_table(lineage: Lineage) -> dg.MetadataValue:
    """The column lineage to be read: the library's own entry is shown by its hosted product only."""
    rows = [
        [code(column), ", ".join(f"{table}.{name}" for table, name in found) or "the query itself"]
        for column, found in lineage.items()
    ]
    return dg.MetadataValue.md(table(["column", "comes from"], rows, longest=None))


# -- what a run made of it ---------------------------------------------------------------------


def preview(region: Region, con: duckdb.DuckDBPyConnection, name: str, file: Path) -> dg.MetadataValue:
    """The first rows of a file of a table, as text and without personal columns."""
    names = _columns_of(region, name)
    shown = [column for column in names if column not in region.layouts.personal]
    texts = ", ".join(f"cast({quoted(column)} as varchar) as {quoted(column)}" for column in shown)
    con.execute("set preserve_insertion_order = true")
    found = region.engine.inputs.rows(name, [file])
    rows = con.execute(f"select {texts} from {found} limit {PREVIEW_ROWS}").fetchall()
    figures = [place for place, column in enumerate(shown) if _is_figure(region.project.column(name, column))]
    return dg.MetadataValue.md(table(shown, rows, right=figures) if rows else NO_ROWS)


def _columns_of(region: Region, name: str) -> Sequence[str]:
    models = region.project.models
    return models[name].columns if name in models else list(region.project.sources[name].columns)


def _is_figure(column: Column) -> bool:
    return column.type.split("(")[0] in ("DECIMAL", "BIGINT", "INTEGER", "HUGEINT", "DOUBLE")


def outcome_metadata(outcome: Outcome, looks: Mapping[str, Any]) -> dict[str, Any]:
    """What a run tells of one partition; what people look at comes first."""
    return {
        "dagster/row_count": dg.MetadataValue.int(outcome.rows),
        **looks,
        "logical_digest": outcome.digest,
        "file": dg.MetadataValue.path(str(outcome.path)),
    }
