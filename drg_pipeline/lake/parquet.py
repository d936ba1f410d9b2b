"""Files of the lake as SQL, and how a partition is written: one Parquet file with its digest inside.

Where files lie and how they take their place is in `store.py`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from drg_pipeline.duck import file_literal, literal, quoted, write_parquet
from drg_pipeline.files import temporary
from drg_pipeline.lake.digest import KIND, Counted
from drg_pipeline.lake.outcome import Outcome
from drg_pipeline.lake.store import Store


def rows_of(table: str, kind: str, partition: str | None) -> str:
    """The rows of one partition of a table, as SQL that can stand behind FROM."""
    return (
        table if partition is None else f"(from {table} where {kind} = {partition_literal(kind, partition)})"
    )


def write_partition(
    con: duckdb.DuckDBPyConnection,
    store: Store,
    *,
    relation: str,
    table: str,
    kind: str,
    partition: str | None,
    columns: Sequence[tuple[str, str]],
    code: str,
    inputs: Mapping[str, str],
    counted: Counted,
) -> tuple[Outcome, Path]:
    """Write one partition to a temporary file beside its place, with its digest inside.

    relation  its rows in the order that the file is to have, as SQL that can stand behind FROM
    counted   their number and digest
    """
    path = store.file(table, kind, partition)
    aside = temporary(path)
    stored = ", ".join(quoted(name) for name, _ in columns if name != kind)
    notes = {
        "digest": counted.digest,
        "code": code,
        "inputs": json.dumps(dict(sorted(inputs.items()))),
        "rows": str(counted.rows),
        "kind": str(KIND),
        "model": table,
    }
    write_parquet(con, f"select {stored} from {relation}", aside, rows=counted.rows, notes=notes)
    return Outcome(table, partition, path, counted.rows, counted.digest), aside


def parquet(files: Sequence[Path]) -> str:
    """A table function over files of the lake; the partition's column comes from the path."""
    listed = ", ".join(map(file_literal, files))
    kinds = {
        part.split("=")[0] for path in files for part in path.parts if part.startswith(("month=", "year="))
    }
    if not kinds:
        return f"read_parquet([{listed}], hive_partitioning = false)"
    types = {"month": "varchar", "year": "integer"}
    declared = ", ".join(f"{kind}: {types[kind]}" for kind in sorted(kinds))
    return f"read_parquet([{listed}], hive_partitioning = true, hive_types = {{{declared}}})"


def partition_literal(kind: str, partition: str) -> str:
    return str(int(partition)) if kind == "year" else literal(partition)
