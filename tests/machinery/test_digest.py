"""Logical digests: equal for equal rows however they came to be written, different for anything else."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator

import duckdb
import pytest

from drg_pipeline.lake import digest as digests
from drg_pipeline.lake.digest import Counted, digest_of, logical_digest, logical_digests

COLUMNS = [("id", "INTEGER"), ("text", "VARCHAR"), ("amount", "DECIMAL(18,2)")]


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        yield con


def digest(con: duckdb.DuckDBPyConnection, rows: str, columns: list[tuple[str, str]] = COLUMNS) -> str:
    names = ", ".join(name for name, _ in columns)
    return logical_digest(con, f"(select * from (values {rows}) as v({names}))", columns)


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
    empty = logical_digest(con, "(select 1 as id where false)", [("id", "INTEGER")])
    assert empty == logical_digest(con, "(select 2 as id where false)", [("id", "INTEGER")])
    assert empty != logical_digest(con, "(select 2 as key where false)", [("key", "INTEGER")])
    assert empty != logical_digest(con, "(select null::integer as id)", [("id", "INTEGER")])


@pytest.mark.parametrize("at_once", [1, 30_000, digests.ROWS_AT_ONCE])
def test_threads_order_and_how_many_parts_are_sorted_at_once_do_not_matter(
    con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(digests, "ROWS_AT_ONCE", at_once)
    columns = [("id", "INTEGER"), ("text", "VARCHAR")]
    for threads, order in ((1, "i"), (2, "i"), (2, "hash(i)")):
        con.execute(f"set threads = {threads}")
        con.execute(
            "create or replace table t as "
            f"select i::integer as id, 'x' || i % 3 as text from range(60000) as r(i) order by {order}"
        )
        found = logical_digests(con, "t", columns, ["x0", "x1", "x2", "x3"], "text")
        assert [counted.rows for counted in found.values()] == [20_000, 20_000, 20_000, 0]
        for part, counted in found.items():
            own = f"(select * from t where text = '{part}')"
            assert counted == Counted(counted.rows, logical_digest(con, own, columns))
        assert len({counted.digest for counted in found.values()}) == 4
    before = logical_digest(con, "t", columns)
    con.execute("update t set text = 'y' where id = 59999")
    assert logical_digest(con, "t", columns) != before


def test_a_digest_is_what_the_document_says(con: duckdb.DuckDBPyConnection) -> None:
    # A row is its values, each ended by a mark; a text says its bytes first, a null is nothing.
    texts = ["1\x1f2:\u00e4\x1f1.50\x1f", "2\x1f:\x1f\x1f"]
    hashes = sorted(hashlib.sha256(text.encode()).hexdigest() for text in texts)
    # Hashes of one first digit together, then all of them.
    groups = ["".join(group) for _, group in itertools.groupby(hashes, lambda text: text[0])]
    rows = hashlib.sha256(
        "".join(hashlib.sha256(g.encode()).hexdigest() for g in groups).encode()
    ).hexdigest()
    head = "id INTEGER\x1ftext VARCHAR\x1famount DECIMAL(18,2)"
    told = digest(con, "(2, null, null), (1, '\u00e4', 1.50::decimal(18, 2))")
    assert told == hashlib.sha256(f"{head}\x1e{rows}".encode()).hexdigest()


def test_a_text_cannot_pass_for_two_columns(con: duckdb.DuckDBPyConnection) -> None:
    columns = [("id", "INTEGER"), ("left_text", "VARCHAR"), ("right_text", "VARCHAR")]
    one = digest(con, "(1, 'a' || chr(31) || '1:b', 'c')", columns)
    assert one != digest(con, "(1, 'a', 'b' || chr(31) || '1:c')", columns)
    lists = [("id", "INTEGER"), ("codes", "VARCHAR[]")]
    assert digest(con, "(1, ['a, b'])", lists) != digest(con, "(1, ['a', 'b'])", lists)
    assert digest(con, "(1, [null])", lists) != digest(con, "(1, ['NULL'])", lists)


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
