"""Logical digests: equal for equal rows however they came to be written, different for anything else."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from drg_pipeline.lake.digest import BLOCK_ROWS, digest_of, logical_digest

COLUMNS = [("id", "INTEGER"), ("text", "VARCHAR"), ("amount", "DECIMAL(18,2)")]


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        yield con


def digest(con: duckdb.DuckDBPyConnection, rows: str, columns: list[tuple[str, str]] = COLUMNS) -> str:
    names = ", ".join(name for name, _ in columns)
    return logical_digest(con, f"(select * from (values {rows}) as v({names}))", columns, ["id"])


def test_order_and_grain_do_not_matter_but_rows_do(con: duckdb.DuckDBPyConnection) -> None:
    first = digest(con, "(1, 'a', 1.00), (2, 'b', 2.00)")
    assert digest(con, "(2, 'b', 2.00), (1, 'a', 1.00)") == first
    assert digest(con, "(1, 'a', 1.00), (2, 'b', 2.01)") != first
    assert digest(con, "(1, 'a', 1.00)") != first
    assert digest(con, "(1, 'a', 1.00), (2, 'b', 2.00), (2, 'b', 2.00)") != first


def test_rows_that_share_a_key_are_told_apart_by_the_rest(con: duckdb.DuckDBPyConnection) -> None:
    assert digest(con, "(1, 'a', 1.00), (1, 'b', 1.00)") == digest(con, "(1, 'b', 1.00), (1, 'a', 1.00)")


def test_nothing_is_not_an_empty_text(con: duckdb.DuckDBPyConnection) -> None:
    assert digest(con, "(1, '', 1.00)") != digest(con, "(1, null, 1.00)")
    assert digest(con, "(1, 'a', null::decimal(18, 2))") != digest(con, "(1, 'a', 0.00)")


def test_names_and_types_are_part_of_it(con: duckdb.DuckDBPyConnection) -> None:
    rows = "(1, 'a', 1.00)"
    names = [("id", "INTEGER"), ("label", "VARCHAR"), ("amount", "DECIMAL(18,2)")]
    types = [("id", "BIGINT"), ("text", "VARCHAR"), ("amount", "DECIMAL(18,2)")]
    assert len({digest(con, rows), digest(con, rows, names), digest(con, rows, types)}) == 3


def test_an_empty_table_has_a_digest_of_its_columns(con: duckdb.DuckDBPyConnection) -> None:
    empty = logical_digest(con, "(select 1 as id where false)", [("id", "INTEGER")], ["id"])
    assert empty == logical_digest(con, "(select 2 as id where false)", [("id", "INTEGER")], ["id"])
    assert empty != logical_digest(con, "(select 2 as key where false)", [("key", "INTEGER")], ["key"])
    assert empty != logical_digest(con, "(select null::integer as id)", [("id", "INTEGER")], ["id"])


def test_many_blocks_are_read_in_order_with_any_number_of_threads(con: duckdb.DuckDBPyConnection) -> None:
    rows = 2 * BLOCK_ROWS + 1
    found = set()
    for threads, order in ((1, "i"), (2, "i"), (2, "hash(i)")):
        con.execute(f"set threads = {threads}")
        con.execute(
            "create or replace table t as "
            f"select i::integer as id, 'x' || i as text from range({rows}) as r(i) order by {order}"
        )
        found.add(logical_digest(con, "t", [("id", "INTEGER"), ("text", "VARCHAR")], ["id"]))
    assert len(found) == 1
    con.execute(f"update t set text = 'y' where id = {rows - 1}")
    assert logical_digest(con, "t", [("id", "INTEGER"), ("text", "VARCHAR")], ["id"]) not in found


def test_a_text_cannot_pass_for_two_columns(con: duckdb.DuckDBPyConnection) -> None:
    columns = [("id", "INTEGER"), ("left_text", "VARCHAR"), ("right_text", "VARCHAR")]
    one = digest(con, "(1, 'a' || chr(31) || 'b', 'c')", columns)
    assert one != digest(con, "(1, 'a', 'b' || chr(31) || 'c')", columns)


def test_a_digest_of_digests_goes_by_name() -> None:
    assert digest_of([("a", "1"), ("b", "2")]) == digest_of([("b", "2"), ("a", "1")])
    assert (
        len(
            {
                digest_of([]),
                digest_of([("a", "1")]),
                digest_of([("a", "2")]),
                digest_of([("a", "1"), ("b", "2")]),
            }
        )
        == 4
    )
