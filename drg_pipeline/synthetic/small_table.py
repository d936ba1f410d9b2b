"""Puts a few hundred rows of Python into a DuckDB table, column by column. No row of a claim passes here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import duckdb


def fill(con: duckdb.DuckDBPyConnection, name: str, columns: str, rows: Iterable[Sequence[Any]]) -> None:
    """A table of these columns, written as `name TYPE, name TYPE`."""
    defined = [column.split() for column in columns.split(", ")]
    cells = list(zip(*rows, strict=True)) or [()] * len(defined)
    con.execute(f"CREATE OR REPLACE TABLE {name} ({columns})")
    # One list a column: row by row takes many times longer.
    listed = ", ".join(f"unnest(CAST(? AS {kind}[])) AS {column}" for column, kind in defined)
    con.execute(f"INSERT INTO {name} SELECT {listed}", [list(values) for values in cells])
