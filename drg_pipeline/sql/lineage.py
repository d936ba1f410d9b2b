"""Where a column comes from: sqlglot's column lineage of one model, over all models' schemas."""

from __future__ import annotations

import sqlglot
from sqlglot import exp
from sqlglot.lineage import lineage
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import build_scope

from drg_pipeline.sql.project import Project


def column_lineage(project: Project, name: str) -> dict[str, list[tuple[str, str]]]:
    """column -> [(upstream table, upstream column)], sorted, for one model."""
    model = project.models[name]
    tree = qualify(
        sqlglot.parse_one(model.sql, read="duckdb"), schema=project.schema, dialect="duckdb", validate_qualify_columns=False
    )
    scope = build_scope(tree)
    result: dict[str, list[tuple[str, str]]] = {}
    for column in model.columns:
        found: set[tuple[str, str]] = set()
        for node in lineage(column, tree, schema=project.schema, dialect="duckdb", scope=scope).walk():
            if not node.downstream and isinstance(node.expression, exp.Table):
                table = node.expression
                if table.db:
                    found.add((f"{table.db}.{table.name}", node.name.split(".")[-1].strip('"')))
        result[column] = sorted(found)
    return result
