"""The published tables of a region as DuckDB views: in memory for `drg sql`, as a file for other tools.

Both only read. What a table means, and what is computed from it, does not belong here.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from drg_pipeline.duck import connect, literal, quoted, with_schema
from drg_pipeline.files import publish, temporary
from drg_pipeline.lake.parquet import HIVE, parquet
from drg_pipeline.lake.store import PART, Store, name_of, period_of
from drg_pipeline.periods import WHOLE, Period

VIEWS_FILE = "views.duckdb"

Meanings = Mapping[str, tuple[str, Mapping[str, str]]]
"""table -> what it is, and what each of its columns means"""


def published(store: Store) -> dict[str, list[Path]]:
    """Every table that has a published partition, with its files in order."""
    tables: dict[str, list[Path]] = {}
    for path in sorted([*store.root.glob(f"*/*/{PART}"), *store.root.glob(f"*/*/*=*/{PART}")]):
        layer, table = path.relative_to(store.root).parts[:2]
        tables.setdefault(f"{layer}.{table}", []).append(path)
    return tables


def open_views(
    store: Store,
    macros: str = "",
    *,
    threads: int | None = None,
    memory_limit: str | None = None,
    spill: Path | None = None,
) -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB with a view for each published table, which reaches nothing outside the lake.

    macros  SQL run first, such as the models' shared arithmetic
    others  as `duck.connect` has them
    """
    con = connect(within=[store.root], threads=threads, memory_limit=memory_limit, spill=spill)
    try:
        if macros:
            con.execute(macros)
        for table, files in published(store).items():
            _view(con, table, period_of(files[0]), parquet(files))
        con.execute("set lock_configuration = true")
    except BaseException:
        con.close()
        raise
    return con


def row_counts(con: duckdb.DuckDBPyConnection, tables: Mapping[str, Sequence[Path]]) -> dict[str, int]:
    """Rows of each table, read from the footers of its files."""
    owner = {str(path): table for table, files in tables.items() for path in files}
    counts = dict.fromkeys(tables, 0)
    if owner:
        for name, rows in con.execute(
            "select file_name, num_rows from parquet_file_metadata(?)", [list(owner)]
        ).fetchall():
            counts[owner[name]] += rows
    return counts


def write_views_file(store: Store, meanings: Meanings) -> bool:
    """Bring `views.duckdb` up to date with the set of tables and what they mean; True if it was written.

    Its paths are absolute, so that it opens from anywhere: after a lake was moved, the next run writes it
    anew. A reader of the old file keeps it.

    meanings  the comments of the views
    """
    target = store.root / VIEWS_FILE
    tables = published(store)
    if not tables:
        return False
    aside = temporary(target)
    try:
        with contextlib.closing(connect(aside)) as con:
            for table, files in tables.items():
                _view(con, table, period_of(files[0]), _glob(store, files[0]))
                _comment(con, table, *meanings.get(table, ("", {})))
            made = _shown(con)
        if target.is_file() and _shown_by(target) == made:
            return False
        publish({aside: target})
        return True
    finally:
        for left in (aside, aside.with_name(f"{aside.name}.wal")):
            left.unlink(missing_ok=True)


def _view(con: duckdb.DuckDBPyConnection, table: str, period: Period, source: str) -> None:
    """A view `layer.table` over a table function.

    Where one file is read, DuckDB 1.5.5 answers min and max of a column that comes from the path with an
    internal error; taken through a text it does not, and files are still chosen by it.
    """
    column = quoted(period.kind)
    shown = "*" if period == WHOLE else f"* replace (cast({column} || '' as {HIVE[period.kind]}) as {column})"
    con.execute(f"create view {with_schema(con, table)} as select {shown} from {source}")


def _comment(con: duckdb.DuckDBPyConnection, table: str, describe: str, columns: Mapping[str, str]) -> None:
    view = with_schema(con, table)
    if describe:
        con.execute(f"comment on view {view} is {literal(describe)}")
    there = {name for name, *_ in con.execute(f"describe {view}").fetchall()}
    for name, meaning in columns.items():
        if name in there:
            con.execute(f"comment on column {view}.{quoted(name)} is {literal(meaning)}")


def _glob(store: Store, file: Path) -> str:
    """The table function over all partitions of a file's table, whichever they will be."""
    source = parquet([store.root.resolve() / file.relative_to(store.root)])
    period = period_of(file)
    if period == WHOLE:
        return source
    # The last folder of that name: one above the lake may be called alike.
    before, _, after = source.rpartition(f"/{name_of(period)}/")
    return f"{before}/{period.kind}=*/{after}"


def _shown(con: duckdb.DuckDBPyConnection) -> list[tuple[str, ...]]:
    """The views, from where they read, their columns in order, and what is said of them."""
    return con.execute(
        "select schema_name, view_name, 0 as place, sql, '', comment from duckdb_views() where not internal "
        "union all "
        "select schema_name, table_name, column_index, column_name, data_type, comment from duckdb_columns() "
        "where not internal order by all"
    ).fetchall()


def _shown_by(path: Path) -> list[tuple[str, ...]] | None:
    """What a views file shows; None where it cannot be opened, as while a tool writes to it."""
    try:
        with contextlib.closing(connect(path, read_only=True)) as con:
            return _shown(con)
    except duckdb.Error:
        return None
