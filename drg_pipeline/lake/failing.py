"""The rows that broke a rule, kept as Parquet beside the tables, for people to look at.

They are of the candidate that was judged: a refused one is never published, so this is the only place where
its rows can be read. `<lake>/<region>/.failing/<table>/<rule>/<partition>.parquet` lasts until the rule is
judged again for that partition. No model reads it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from drg_pipeline.duck import quoted, write_parquet
from drg_pipeline.files import appearing
from drg_pipeline.lake.store import Store
from drg_pipeline.periods import Period
from drg_pipeline.sql.contract import Check

FOLDER = ".failing"
# The name of the file of a table without partitions.
ALL = "all"


def failing_file(store: Store, table: str, rule: str, period: Period) -> Path:
    """Where the rows are kept that break a rule in a partition."""
    return store.root / FOLDER / table / rule / f"{str(period) or ALL}.parquet"


def keep_failing(
    con: duckdb.DuckDBPyConnection, store: Store, table: str, checks: Mapping[Period, Sequence[Check]]
) -> None:
    """Keep the rows of every broken rule; forget those of rules that hold again."""
    judged_before = (store.root / FOLDER / table).is_dir()
    for period, found in checks.items():
        for check in found:
            path = failing_file(store, table, check.id, period)
            if not check.passed:
                with appearing(path) as aside:
                    write_parquet(con, _whole(con, check.rows), aside)
                check.file = path
            elif judged_before:
                path.unlink(missing_ok=True)


def _whole(con: duckdb.DuckDBPyConnection, rows: str) -> str:
    """The rows in an order, with sums of whole numbers (HUGEINT) as decimals: Parquet has no whole number of
    that width, and DuckDB would write binary floats, which change it."""
    columns = con.execute(f"describe select * from ({rows}\n) as broken").fetchall()
    shown = [
        f"cast({quoted(name)} as decimal(38, 0)) as {quoted(name)}" if kind == "HUGEINT" else quoted(name)
        for name, kind, *_ in columns
    ]
    return f"select {', '.join(shown)} from ({rows}\n) as broken order by all"
