"""Logical digests: equal for equal rows however they came to be written, different for anything else."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from drg_pipeline.lake.digest import Counted, digest_of, empty_digest, logical_digest, logical_digests

COLUMNS = [("id", "INTEGER"), ("text", "VARCHAR"), ("amount", "DECIMAL(18,2)")]


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        yield con


def relation(rows: str, columns: Sequence[tuple[str, str]] = COLUMNS) -> str:
    names = ", ".join(name for name, _ in columns)
    typed = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind in columns)
    return f"(select {typed} from (values {rows}) as v({names}))"


def digest(con: duckdb.DuckDBPyConnection, rows: str, columns: Sequence[tuple[str, str]] = COLUMNS) -> str:
    return logical_digest(con, relation(rows, columns), columns).digest


def by_hand(rows: Sequence[Sequence[Any]], columns: Sequence[tuple[str, str]]) -> str:
    """A digest as the module describes it, value by value."""
    whole = hashlib.sha256(str(len(rows)).encode())
    for place, (name, kind) in enumerate(columns):
        values = [row[place] for row in rows]
        if kind in FIXED:
            shape = bytes(value is None for value in values)
            content = b"".join(FIXED[kind](0 if value is None else value) for value in values)
        else:
            texts = [None if value is None else str(value).encode() for value in values]
            shape = b"".join(struct.pack("<i", -1 if text is None else len(text)) for text in texts)
            content = b"".join(text or b"" for text in texts)
        whole.update(f"\x1e{name}\x1f{kind}\x1f".encode())
        whole.update(hashlib.sha256(shape).digest() + hashlib.sha256(content).digest())
    return whole.hexdigest()


FIXED = {
    "BOOLEAN": lambda value: bytes([bool(value)]),
    "SMALLINT": lambda value: struct.pack("<h", value),
    "INTEGER": lambda value: struct.pack("<i", value),
    "BIGINT": lambda value: struct.pack("<q", value),
    "DATE": lambda value: struct.pack("<i", (value - date(1970, 1, 1)).days if value else 0),
    "TIMESTAMP": lambda value: struct.pack(
        "<q", (value - datetime(1970, 1, 1)) // timedelta(microseconds=1) if value else 0
    ),
    "DECIMAL(18,4)": lambda value: int(Decimal(value).scaleb(4)).to_bytes(16, "little", signed=True),
}


def test_a_digest_is_what_the_module_says(con: duckdb.DuckDBPyConnection) -> None:
    kinds = [*FIXED, "VARCHAR", "HUGEINT", "VARCHAR[]"]
    columns = [(f"c{place}", kind) for place, kind in enumerate(kinds)]
    day, moment = date(2025, 3, 31), datetime(2025, 3, 31, 23, 59, 59, 999999)
    rows = [
        (True, -2, 7, 2**40, day, moment, Decimal("-1.5000"), "主\u00e4", 2**100, "[a, NULL]"),
        (None,) * len(kinds),
        (False, 3, None, -1, date(1969, 12, 31), None, Decimal("0.0001"), "", -1, "['a, NULL']"),
    ]
    lists = ["['a', null]", "null", "['a, NULL']"]
    with con.cursor() as own:
        own.execute(
            f"create table t ({', '.join(f'{name} {kind}' for name, kind in columns)}, place integer)"
        )
        for place, (row, listed) in enumerate(zip(rows, lists, strict=True)):
            marks = ", ".join("?" * (len(row) - 1))
            own.execute(f"insert into t values ({marks}, {listed}, {place})", row[:-1])
    columns, rows = [*columns, ("place", "INTEGER")], [(*row, place) for place, row in enumerate(rows)]
    told = logical_digest(con, "t", columns, ["place"])
    assert told == Counted(3, by_hand(rows, columns))
    assert logical_digest(con, "(from t where false)", columns) == empty_digest(columns)
    assert empty_digest(columns) == Counted(0, by_hand([], columns))
    only_nulls = "(from t where place = 1)"
    assert logical_digest(con, only_nulls, columns) == Counted(1, by_hand(rows[1:2], columns))


def test_the_order_that_rows_come_in_does_not_matter_but_rows_do(con: duckdb.DuckDBPyConnection) -> None:
    first = digest(con, "(1, 'a', 1.00), (2, 'b', 2.00)")
    assert digest(con, "(2, 'b', 2.00), (1, 'a', 1.00)") == first
    assert digest(con, "(1, 'a', 1.00), (2, 'b', 2.01)") != first
    assert digest(con, "(1, 'a', 1.00)") != first
    assert digest(con, "(1, 'a', 1.00), (2, 'b', 2.00), (2, 'b', 2.00)") != first


def test_rows_that_share_a_key_are_told_apart_by_the_rest(con: duckdb.DuckDBPyConnection) -> None:
    rows = ["(1, 'a', 1.00)", "(1, 'b', 1.00)", "(null, 'a', 1.00)"]
    for grain in (["id"], ["amount", "text"]):
        found = {
            logical_digest(con, relation(", ".join(order)), COLUMNS, grain) for order in (rows, rows[::-1])
        }
        assert len(found) == 1


def test_nothing_is_not_an_empty_text_and_not_zero(con: duckdb.DuckDBPyConnection) -> None:
    assert digest(con, "(1, '', 1.00)") != digest(con, "(1, null, 1.00)")
    assert digest(con, "(1, 'a', null)") != digest(con, "(1, 'a', 0.00)")
    # Equal values and as many nulls, in other rows.
    assert digest(con, "(1, 'a', null), (2, 'a', 0)") != digest(con, "(1, 'a', 0), (2, 'a', null)")


def test_names_and_types_are_part_of_it(con: duckdb.DuckDBPyConnection) -> None:
    rows = "(1, 'a', 1.00)"
    names = [("id", "INTEGER"), ("label", "VARCHAR"), ("amount", "DECIMAL(18,2)")]
    types = [("id", "BIGINT"), ("text", "VARCHAR"), ("amount", "DECIMAL(18,2)")]
    assert len({digest(con, rows), digest(con, rows, names), digest(con, rows, types)}) == 3


def test_an_empty_table_has_a_digest_of_its_columns(con: duckdb.DuckDBPyConnection) -> None:
    found = [
        logical_digest(con, f"(select {value} as {name} where {where})", [(name, "INTEGER")])
        for value, name, where in (
            (1, "id", False),
            (2, "id", False),
            (2, "key", False),
            ("null::int", "id", True),
        )
    ]
    assert found[0] == found[1]
    assert len(set(found)) == 3


def test_threads_and_batches_do_not_matter(con: duckdb.DuckDBPyConnection) -> None:
    """A table of several batches and many threads' pieces is hashed in its own order."""
    columns = [("id", "INTEGER"), ("text", "VARCHAR"), ("odd", "BOOLEAN"), ("rest", "BIGINT")]
    rows = 1_100_001
    found = set()
    for threads, order in ((1, "id"), (4, "id"), (2, "hash(id)")):
        con.execute(f"set threads = {threads}")
        con.execute(
            "create or replace table t as select i::integer as id, 'x' || i % 3 as text, i % 2 = 1 as odd, "
            f"case when i % 7 > 0 then i end as rest from range({rows}) as r(i) order by {order}"
        )
        found.add(logical_digest(con, "t", columns, ["id"]))
        if order == "id":
            found.add(logical_digest(con, "t", columns, in_order=True))
        parts = logical_digests(con, "t", columns, "text", ["id"])
        for part, counted in parts.items():
            own = f"(from t where text = '{part}')"
            assert counted == logical_digest(con, own, columns, ["id"])
            assert counted.rows == rows // 3
        assert list(parts) == ["x0", "x1", "x2"]
    assert len(found) == 1
    assert {counted.rows for counted in found} == {rows}
    con.execute(f"update t set rest = 1 where id = {rows - 1}")
    assert logical_digest(con, "t", columns, ["id"]) not in found


def test_a_text_cannot_pass_for_two_columns(con: duckdb.DuckDBPyConnection) -> None:
    columns = [("id", "INTEGER"), ("left_text", "VARCHAR"), ("right_text", "VARCHAR")]
    assert digest(con, "(1, 'ab', 'c')", columns) != digest(con, "(1, 'a', 'bc')", columns)
    assert digest(con, "(1, 'ab', 'c'), (2, '', 'd')", columns) != digest(
        con, "(1, 'a', 'c'), (2, 'b', 'd')", columns
    )
    lists = [("id", "INTEGER"), ("codes", "VARCHAR[]")]
    assert digest(con, "(1, ['a, b'])", lists) != digest(con, "(1, ['a', 'b'])", lists)
    assert digest(con, "(1, [null])", lists) != digest(con, "(1, ['NULL'])", lists)


def test_a_digest_of_digests_goes_by_name() -> None:
    assert digest_of([("a", "1"), ("b", "2")]) == digest_of([("b", "2"), ("a", "1")])
    several = [[], [("a", "1")], [("a", "2")], [("a", "1"), ("b", "2")]]
    assert len({digest_of(each) for each in several}) == 4
