"""What a published file holds, read again: the digest of its rows as its writer reckoned it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from drg_pipeline.duck import quoted
from drg_pipeline.lake.digest import logical_digest
from drg_pipeline.lake.parquet import parquet
from drg_pipeline.sql.project import Project


def grain_of(project: Project, table: str) -> Sequence[str]:
    return project.models[table].grain if table in project.models else project.sources[table].grain


def digest_of_file(con: duckdb.DuckDBPyConnection, project: Project, table: str, path: Path) -> str:
    """The logical digest of the rows that a file holds, as its writer reckoned it."""
    model = project.models.get(table)
    names: Sequence[str] = model.columns if model else list(project.sources[table].columns)
    own = f"(select {', '.join(map(quoted, names))} from {parquet([path])})"
    types = [(name, project.column(table, name).type) for name in names]
    if model:
        # A type's spelling is part of the digest: models are digested with DuckDB's.
        found = con.execute(f"describe select * from {own}").fetchall()
        types = [(str(row[0]), str(row[1])) for row in found]
    return logical_digest(con, own, types, grain_of(project, table)).digest
