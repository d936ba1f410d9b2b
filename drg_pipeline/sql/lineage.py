"""Where a column comes from: sqlglot's column lineage of one model, over all models' schemas."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import sqlglot
from sqlglot import exp
from sqlglot.lineage import lineage
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import build_scope

from drg_pipeline.sql.project import Project

Lineage = dict[str, list[tuple[str, str]]]


def kept_lineage(project: Project, name: str, folder: Path) -> Lineage:
    """The column lineage of a model, parsed once for each version of its text and of what it reads."""
    model = project.models[name]
    text = json.dumps([model.sql, [[up, project.schema_of(up)] for up in model.upstream]])
    file = folder / f"{name}.{hashlib.sha256(text.encode()).hexdigest()[:16]}.json"
    if file.is_file():
        return {
            column: [(table, up) for table, up in found]
            for column, found in json.loads(file.read_text()).items()
        }
    found = column_lineage(project, name)
    folder.mkdir(parents=True, exist_ok=True)
    aside = file.with_suffix(f".{os.getpid()}.tmp")
    aside.write_text(json.dumps(found))
    os.replace(aside, file)
    return found


def column_lineage(project: Project, name: str) -> Lineage:
    """column -> [(upstream table, upstream column)], sorted, for one model."""
    model = project.models[name]
    tree = qualify(
        sqlglot.parse_one(model.sql, read="duckdb"),
        schema=dict(project.schema),
        dialect="duckdb",
        validate_qualify_columns=False,
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
