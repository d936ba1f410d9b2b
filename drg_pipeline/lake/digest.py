"""Logical digests: SHA-256 over a table's columns, each hashed by itself, its rows in the table's order.

Equal for equal rows whatever wrote the file and with however many threads; a file's bytes are not. Rows
stand in the order of their grain, which tells them apart. Of a column are hashed its values one after the
other (a text's bytes, a number as little-endian integer of its width, null as nothing or zero) and, by
themselves, the length of each text (-1 for null) or a mark for each null, so that no two columns look alike.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import nanoarrow
import numpy as np
from numpy.typing import NDArray

from drg_pipeline.duck import quoted

# Which digest this is. Files and closings note it, because digests of another kind say nothing about rows.
KIND = 2
Bytes = NDArray[np.uint8]
Numbers = NDArray[Any]
# Bytes of a value; a boolean comes as a bit. Of other types the text is hashed.
WIDTHS = {
    "DECIMAL": 16,
    "BIGINT": 8,
    "INTEGER": 4,
    "SMALLINT": 2,
    "TINYINT": 1,
    "DATE": 4,
    "TIMESTAMP": 8,
    "BOOLEAN": 1,
}


@dataclass(frozen=True)
class Counted:
    """A set of rows: how many, and their logical digest."""

    rows: int
    digest: str


def row_order(columns: Iterable[str], grain: Iterable[str] = ()) -> str:
    """SQL for the order of a table's rows: by the grain, then by all that is left."""
    return ", ".join(quoted(name) for name in dict.fromkeys((*grain, *columns)))


def logical_digest(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    columns: Sequence[tuple[str, str]],
    grain: Sequence[str] = (),
    in_order: bool = False,
) -> Counted:
    """Rows and digest of a relation.

    relation  SQL that can stand behind FROM
    columns   (name, type) in order; they are part of the digest
    grain     the columns that rows are ordered by before all others
    in_order  the relation is a table whose rows stand in that order
    """
    order = "" if in_order else f" order by {row_order((name for name, _ in columns), grain)}"
    rows = _Rows(columns)
    for batch in nanoarrow.c_array_stream(con.sql(f"select {_values(columns)} from {relation}{order}")):
        rows.add(batch.view(), 0, batch.length)
    return rows.counted()


def logical_digests(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    columns: Sequence[tuple[str, str]],
    by: str,
    grain: Sequence[str] = (),
) -> dict[str, Counted]:
    """Rows and digest of each part of a relation, in one query: quicker where parts are many and small.

    by  the column whose text names the part
    """
    part = f"cast({quoted(by)} as varchar)"
    counts = con.execute(f"select {part} as p, count(*) from {relation} group by p order by p").fetchall()
    order = row_order((name for name, _ in columns), grain)
    batches = nanoarrow.c_array_stream(
        con.sql(f"select {_values(columns)} from {relation} order by {part}, {order}")
    )
    found: dict[str, Counted] = {}
    view, begin, end = None, 0, 0
    for name, due in counts:
        rows = _Rows(columns)
        while due:
            if begin == end:
                batch = next(batches)
                view, begin, end = batch.view(), 0, batch.length
            some = min(due, end - begin)
            rows.add(view, begin, begin + some)
            due, begin = due - some, begin + some
        found[name] = rows.counted()
    return found


def empty_digest(columns: Sequence[tuple[str, str]]) -> Counted:
    """Of no rows."""
    return _Rows(columns).counted()


class _Rows:
    """The digest of rows that come in pieces, in their order."""

    def __init__(self, columns: Sequence[tuple[str, str]]) -> None:
        self._columns = [
            (f"\x1e{name}\x1f{kind}\x1f", _width(kind), hashlib.sha256(), hashlib.sha256())
            for name, kind in columns
        ]
        self._count = 0

    def add(self, batch: Any, begin: int, end: int) -> None:
        """Some rows of a batch of Arrow columns."""
        self._count += end - begin
        for place, (_, width, shape, content) in enumerate(self._columns):
            found = _hashed(batch.child(place), begin, end, width)
            shape.update(found[0].data)
            content.update(found[1].data)

    def counted(self) -> Counted:
        whole = hashlib.sha256(str(self._count).encode())
        for head, _, shape, content in self._columns:
            whole.update(head.encode() + shape.digest() + content.digest())
        return Counted(self._count, whole.hexdigest())


def _values(columns: Sequence[tuple[str, str]]) -> str:
    """SQL for values that are hashed as they are, or as text."""
    return ", ".join(
        quoted(name) if kind == "VARCHAR" or _width(kind) else f"cast({quoted(name)} as varchar)"
        for name, kind in columns
    )


def _width(kind: str) -> int:
    return 0 if kind.endswith("]") else WIDTHS.get(kind.split("(")[0], 0)


def _hashed(column: Any, begin: int, end: int, width: int) -> tuple[Numbers, Numbers]:
    """What is hashed of rows of a batch's column: shape, and content.

    Of values of a width the nulls' marks, and the values with zero for null; of texts their lengths, and all
    their bytes.
    """
    nulls = 1 - _bits(column.buffer(0), begin, end) if column.null_count else None
    if width:
        is_bits = column.storage_type == "bool"
        values = (
            _bits(column.buffer(1), begin, end)
            if is_bits
            else np.frombuffer(column.buffer(1), np.uint8)[begin * width : end * width]
        )
        if nulls is None:
            return np.zeros(end - begin, np.uint8), values
        return nulls, np.where(nulls[:, None] == 1, 0, values.reshape(-1, width)).reshape(-1)
    offsets = np.frombuffer(column.buffer(1), np.int32)[begin : end + 1]
    lengths = np.diff(offsets)
    texts = np.frombuffer(column.buffer(2), np.uint8)[offsets[0] : offsets[-1]]
    return lengths if nulls is None else lengths - nulls, texts


def _bits(buffer: Any, begin: int, end: int) -> Bytes:
    return np.unpackbits(np.frombuffer(buffer, np.uint8), count=end, bitorder="little")[begin:]


def digest_of(digests: Iterable[tuple[str, str]]) -> str:
    """One digest over several, by name; the order they come in does not matter."""
    text = "\n".join(f"{name} {value}" for name, value in sorted(digests))
    return hashlib.sha256(text.encode()).hexdigest()
