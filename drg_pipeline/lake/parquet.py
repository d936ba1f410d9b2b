"""Files of the lake as SQL, and how a partition is written: one Parquet file with its digest inside.

Where files lie and how they take their place is in `store.py`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from drg_pipeline.lake.digest import KIND, Counted, quoted
from drg_pipeline.lake.outcome import Outcome
from drg_pipeline.lake.store import Store
from drg_pipeline.parquet import parquet_options


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
    temporary = store.temporary(path)
    stored = ", ".join(quoted(name) for name, _ in columns if name != kind)
    notes = {
        "digest": counted.digest,
        "code": code,
        "inputs": json.dumps(dict(sorted(inputs.items()))),
        "rows": str(counted.rows),
        "kind": str(KIND),
        "model": table,
    }
    metadata = ", ".join(f"{name}: '{sql_text(value)}'" for name, value in notes.items())
    con.execute(
        f"copy (select {stored} from {relation}) to '{sql_text(temporary)}' "
        f"({parquet_options(counted.rows)}, kv_metadata {{{metadata}}})"
    )
    return Outcome(table, partition, path, counted.rows, counted.digest), temporary


def parquet(files: Sequence[Path]) -> str:
    """A table function over files of the lake; the partition's column comes from the path."""
    listed = ", ".join(f"'{sql_text(path)}'" for path in files)
    kinds = {
        part.split("=")[0] for path in files for part in path.parts if part.startswith(("month=", "year="))
    }
    if not kinds:
        return f"read_parquet([{listed}], hive_partitioning = false)"
    types = {"month": "varchar", "year": "integer"}
    declared = ", ".join(f"{kind}: {types[kind]}" for kind in sorted(kinds))
    return f"read_parquet([{listed}], hive_partitioning = true, hive_types = {{{declared}}})"


def partition_literal(kind: str, partition: str) -> str:
    return str(int(partition)) if kind == "year" else f"'{sql_text(partition)}'"


def sql_text(value: object) -> str:
    return str(value).replace("'", "''")


def first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
