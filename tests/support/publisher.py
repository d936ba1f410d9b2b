"""Writers and readers of a lake that run as processes of their own, to be killed or raced.

A version n of a partition has ROWS rows with the figure n in each, so that a file which holds anything else
is recognised at once.
"""

from __future__ import annotations

from itertools import count
from multiprocessing.synchronize import Event
from pathlib import Path

import duckdb

from drg_pipeline import files
from drg_pipeline.lake.digest import logical_digest
from drg_pipeline.lake.parquet import parquet, write_partition
from drg_pipeline.lake.store import Store, footer
from drg_pipeline.periods import Period

TABLE = "early.row"
COLUMNS = [("month", "VARCHAR"), ("id", "INTEGER"), ("n", "INTEGER")]
ROWS = 20_000


def publish(store: Store, con: duckdb.DuckDBPyConnection, month: str, version: int) -> None:
    """One version of a partition, written and published as the engine does."""
    rows = (
        f"(select '{month}' as month, i::integer as id, {version}::integer as n from range({ROWS}) as r(i))"
    )
    outcome, temporary = write_partition(
        con,
        store,
        relation=rows,
        table=TABLE,
        period=Period.of(month),
        columns=COLUMNS,
        code=str(version),
        inputs={},
        counted=logical_digest(con, rows, COLUMNS),
    )
    files.publish({temporary: outcome.path})


def publish_for_ever(root: Path, month: str, start: int, ready: Event) -> None:
    """Say that all is ready, then publish version after version until killed."""
    with duckdb.connect() as con:
        con.execute("set threads = 1")
        ready.set()
        for version in count(start):
            publish(Store(root), con, month, version)


def version_there(root: Path, month: str) -> int:
    """The version that a partition holds; AssertionError if it is not one whole version."""
    path = Store(root).file(TABLE, Period.of(month))
    with duckdb.connect() as con:
        con.execute("set threads = 1")
        found = con.execute(
            f"select count(*), count(distinct id), min(n), max(n) from {parquet([path])}"
        ).fetchone()
        kept = footer(con, path)
    assert found is not None and kept is not None
    rows, ids, low, high = found
    assert (rows, ids, low) == (ROWS, ROWS, high)
    assert kept.rows == ROWS and len(kept.digest) == 64
    return int(low)
