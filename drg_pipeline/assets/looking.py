"""A connection for looking at what a region has published: previews, charts, flags, failing rows.

To open a database takes longer than most looks, and a run looks after every table. What a step computes has a
database of its own, which ends with the step.
"""

from __future__ import annotations

from functools import lru_cache

import duckdb

from drg_pipeline.lake.engine import Engine


def look(engine: Engine) -> duckdb.DuckDBPyConnection:
    """A connection to a lake's database in memory, to be closed; the next one sees views made in it."""
    return _database(engine).cursor()


@lru_cache(maxsize=8)
def _database(engine: Engine) -> duckdb.DuckDBPyConnection:
    con = engine.connect()
    # A file is looked at once; what is kept of it would be room that steps lack.
    con.execute("set enable_external_file_cache = false")
    return con
