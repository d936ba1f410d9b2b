"""The published tables as DuckDB views, in memory and as a file."""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import duckdb

from drg_pipeline.lake.store import Store
from drg_pipeline.lake.views import VIEWS_FILE, open_views, write_views_file
from drg_pipeline.periods import Period

# -- views -------------------------------------------------------------------------------------


def tiny_store(root: Path) -> Store:
    """Three published tables, one of them with a single year."""
    store = Store(root)
    with duckdb.connect() as con:
        for table, kind, partition, rows in (
            ("grouping.case", "month", "2025-01", "select 1 as id, 1.50 as amount"),
            ("grouping.case", "month", "2025-02", "select 2 as id, 2.50 as amount"),
            ("clearing.pool", "year", "2025", "select 'a' as pool"),
            ("reference.list", "none", "", "select 7 as n"),
        ):
            path = store.file(table, Period.of(partition, kind))
            path.parent.mkdir(parents=True, exist_ok=True)
            con.execute(f"copy ({rows}) to '{path}' (format parquet)")
            (path.parent / "part.parquet.1.tmp").touch()
    return store


def test_views_show_what_is_published_with_its_partition(tmp_path: Path) -> None:
    store = tiny_store(tmp_path / "lake")
    with closing(open_views(store)) as con:
        # One file and a column of its path: DuckDB 1.5.5 fails on this without the detour of the views.
        assert con.execute("select max(year), min(year) from clearing.pool").fetchall() == [(2025, 2025)]
        query = "select max(month), sum(amount) from grouping.case where month < '2025-02'"
        assert [str(cell) for cell in con.execute(query).fetchall()[0]] == ["2025-01", "1.50"]
        assert con.execute("select n from reference.list").fetchall() == [(7,)]


def test_the_views_file_opens_from_anywhere_and_follows_the_set_of_tables(tmp_path: Path) -> None:
    store = tiny_store(tmp_path / "lake")
    assert write_views_file(store, {}) and not write_views_file(store, {})
    shutil.copytree(
        store.root / "grouping" / "case" / "month=2025-02", store.root / "grouping" / "case" / "month=2025-03"
    )
    assert not write_views_file(store, {}), "a new partition is no new table"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    code = (
        "import duckdb, sys; con = duckdb.connect(sys.argv[1], read_only=True); "
        "print(con.execute('select count(*), max(month) from \"grouping\".case').fetchall(), "
        "con.execute('select max(year) from clearing.pool').fetchall())"
    )
    asked = [sys.executable, "-c", code]
    said = subprocess.run(
        [*asked, str(store.root / VIEWS_FILE)], cwd=elsewhere, capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "[(3, '2025-03')] [(2025,)]"
    moved = store.root.rename(tmp_path / "moved")
    assert write_views_file(Store(moved), {}), "a lake that was moved has another place"
    said = subprocess.run(
        [*asked, str(moved / VIEWS_FILE)], cwd=elsewhere, capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "[(3, '2025-03')] [(2025,)]"
    shutil.rmtree(moved / "reference")
    assert write_views_file(Store(moved), {})
    with closing(duckdb.connect(str(moved / VIEWS_FILE), read_only=True)) as con:
        found = con.execute(
            "select schema_name, view_name from duckdb_views() where not internal order by all"
        )
        assert found.fetchall() == [("clearing", "pool"), ("grouping", "case")]
    assert not [path for path in moved.iterdir() if ".tmp" in path.name]


def test_the_views_say_what_their_tables_and_columns_mean(tmp_path: Path) -> None:
    store = tiny_store(tmp_path / "lake")
    meanings = {"grouping.case": ("A case's group", {"amount": "Money (yuan)", "gone": "No such column"})}
    assert write_views_file(store, meanings)
    with closing(duckdb.connect(str(store.root / VIEWS_FILE), read_only=True)) as con:
        told = con.execute("select view_name, comment from duckdb_views() where not internal order by all")
        assert told.fetchall() == [("case", "A case's group"), ("list", None), ("pool", None)]
        told = con.execute("select column_name, comment from duckdb_columns() where comment is not null")
        assert told.fetchall() == [("amount", "Money (yuan)")]
    changed = {"grouping.case": ("A case's group", {"amount": "Its money"})}
    assert write_views_file(store, changed) and not write_views_file(store, changed)
