"""Logical digests: SHA-256 over the SHA-256 of each row's canonical text, in the order of those hashes.

Equal for equal rows whatever wrote the file, in whatever order, with however many threads; a file's
bytes are not. To sort the hashes costs less than to sort the rows, and it needs no key: two sets of rows
share a digest only where two texts share a SHA-256.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import duckdb

# Rows whose hashes are sorted at once, about 150 bytes each; a part is never cut.
ROWS_AT_ONCE = 4_000_000
# Types whose text cannot hold the mark that ends a value.
PLAIN = {"DECIMAL", "HUGEINT", "BIGINT", "INTEGER", "SMALLINT", "TINYINT", "DATE", "TIMESTAMP", "BOOLEAN"}


@dataclass(frozen=True)
class Counted:
    """A set of rows: how many, and their logical digest."""

    rows: int
    digest: str


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def row_text(columns: Iterable[tuple[str, str]]) -> str:
    """SQL for the canonical text of a row: its values in order, so that no two rows look alike.

    A mark ends each value. Before a text, which may hold the mark, stands its length in bytes, and before a
    null none; concat takes a null for nothing.
    """
    return f"concat({', '.join(_value_text(name, kind) for name, kind in columns)})"


def _value_text(name: str, kind: str) -> str:
    if kind.upper().split("(")[0] in PLAIN and not kind.endswith("]"):
        return f"{quoted(name)}, chr(31)"
    text = quoted(name) if kind.upper() == "VARCHAR" else f"cast({quoted(name)} as varchar)"
    return f"strlen({text}), ':', {text}, chr(31)"


def logical_digest(con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[tuple[str, str]]) -> str:
    """Digest of a relation.

    relation  SQL that can stand behind FROM
    columns   (name, type) in order; they are part of the digest
    """
    return logical_digests(con, relation, columns, [None])[None].digest


def logical_digests(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    columns: Sequence[tuple[str, str]],
    parts: Sequence[str | None],
    by: str = "",
) -> dict[str | None, Counted]:
    """Rows and digest of each part of a relation; a part that has no row is an empty one.

    by  the column whose text names the part; without it the only part is None, the whole
    """
    part = f"cast({quoted(by)} as varchar)" if by else "cast(null as varchar)"
    counts: dict[str | None, int] = dict(
        con.execute(f"select {part} as part, count(*) from {relation} group by part").fetchall()
    )
    wanted = {name: counts[name] for name in parts if name in counts}
    found: dict[str | None, str] = {}
    for some in _at_once(wanted):
        listed = ", ".join("'" + str(name).replace("'", "''") + "'" for name in some)
        where = f"where part in ({listed})" if by else ""
        # Sorted by first digit, each for itself: an aggregate of one group would be one thread's.
        found |= dict(
            con.execute(
                f"select part, sha256(string_agg(hashes, '' order by first)) from ("
                f"select part, first, sha256(string_agg(hash, '' order by hash)) as hashes from ("
                f"select part, hash, left(hash, 1) as first from ("
                f"select {part} as part, sha256({row_text(columns)}) as hash from {relation}"
                f") {where}) group by part, first) group by part"
            ).fetchall()
        )
    head = "\x1f".join(f"{name} {kind}" for name, kind in columns)
    return {
        name: Counted(
            wanted.get(name, 0), hashlib.sha256(f"{head}\x1e{found.get(name, '')}".encode()).hexdigest()
        )
        for name in parts
    }


def _at_once(counts: Mapping[str | None, int]) -> Iterator[list[str | None]]:
    """The parts, as many together as ROWS_AT_ONCE allows."""
    some: list[str | None] = []
    rows = 0
    for name, count in counts.items():
        if some and rows + count > ROWS_AT_ONCE:
            yield some
            some, rows = [], 0
        some.append(name)
        rows += count
    if some:
        yield some


def digest_of(digests: Iterable[tuple[str, str]]) -> str:
    """One digest over several, by name; the order they come in does not matter."""
    text = "\n".join(f"{name} {value}" for name, value in sorted(digests))
    return hashlib.sha256(text.encode()).hexdigest()
