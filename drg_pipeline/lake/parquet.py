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
from drg_pipeline.lake.store import Store, period_of
from drg_pipeline.periods import MONTH, WHOLE, YEAR, Period

# Types of the columns that come from the path.
HIVE = {MONTH: "varchar", YEAR: "integer"}


def rows_of(table: str, period: Period) -> str:
    """The rows of one partition of a table, as SQL that can stand behind FROM."""
    return table if period == WHOLE else f"(from {table} where {period.kind} = {literal(period.value)})"


def write_partition(
    con: duckdb.DuckDBPyConnection,
    store: Store,
    *,
    relation: str,
    table: str,
    period: Period,
    columns: Sequence[tuple[str, str]],
    code: str,
    inputs: Mapping[str, str],
    counted: Counted,
) -> tuple[Outcome, Path]:
    """Write one partition to a temporary file beside its place, with its digest inside.

    relation  its rows in the order that the file is to have, as SQL that can stand behind FROM
    counted   their number and digest
    """
    path = store.file(table, period)
    aside = temporary(path)
    stored = ", ".join(quoted(name) for name, _ in columns if name != period.kind)
    notes = {
        "digest": counted.digest,
        "code": code,
        "inputs": json.dumps(dict(sorted(inputs.items()))),
        "rows": str(counted.rows),
        "kind": str(KIND),
        "model": table,
    }
    write_parquet(con, f"select {stored} from {relation}", aside, rows=counted.rows, notes=notes)
    return Outcome(table, period, path, counted.rows, counted.digest), aside


def parquet(files: Sequence[Path], *, by_name: bool = False) -> str:
    """A table function over files of the lake; the partition's column comes from the path.

    by_name  files may lack columns that others have
    """
    listed = ", ".join(map(file_literal, files))
    kinds = {period_of(path).kind for path in files} & HIVE.keys()
    if not kinds:
        named = ", union_by_name = true" if by_name else ""
        return f"read_parquet([{listed}], hive_partitioning = false{named})"
    declared = ", ".join(f"{kind}: {HIVE[kind]}" for kind in sorted(kinds))
    return f"read_parquet([{listed}], hive_partitioning = true, hive_types = {{{declared}}})"
