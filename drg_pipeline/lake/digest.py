"""Logical digests: SHA-256 over the canonical text of a table's rows in the order of its grain.

Equal for equal rows whatever wrote the file, in whatever order, with however many threads; a file's
bytes are not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import duckdb

BLOCK_ROWS = 50_000


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def row_text(columns: Iterable[tuple[str, str]]) -> str:
    """SQL for the canonical text of a row: its values in order, set apart so that no two rows look alike.

    A null is not an empty text, and a text cannot hold the marks between values and rows.
    """
    return " || chr(31) || ".join(f"coalesce({_value_text(name, kind)}, chr(0))" for name, kind in columns)


def _value_text(name: str, kind: str) -> str:
    text = f"cast({quoted(name)} as varchar)"
    if kind.upper() not in ("VARCHAR", "VARCHAR[]"):
        return text
    escaped = f"replace({text}, chr(92), chr(92) || chr(92))"
    for code, letter in ((0, "z"), (30, "r"), (31, "u")):
        escaped = f"replace({escaped}, chr({code}), chr(92) || '{letter}')"
    return escaped


def logical_digest(
    con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[tuple[str, str]], grain: Sequence[str]
) -> str:
    """Digest of a relation.

    relation  SQL that can stand behind FROM
    columns   (name, type) in order; they are part of the digest
    grain     the columns that order the rows, made unique by all others
    """
    digest = hashlib.sha256()
    digest.update("\x1f".join(f"{name} {kind}" for name, kind in columns).encode())
    text = row_text(columns)
    order = ", ".join(quoted(name) for name in dict.fromkeys([*grain, *(name for name, _ in columns)]))
    blocks = con.execute(
        f"select string_agg(line, chr(30) order by place) from ("
        f"select {text} as line, row_number() over (order by {order}) - 1 as place from {relation}"
        f") group by place // {BLOCK_ROWS} order by min(place)"
    )
    while rows := blocks.fetchmany(16):
        for (block,) in rows:
            digest.update(b"\x1e" + block.encode())
    return digest.hexdigest()


def small_digests(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    columns: Sequence[tuple[str, str]],
    grain: Sequence[str],
    by: str,
) -> dict[str, str]:
    """The logical digest of each part of a relation, by the column `by`; no part has BLOCK_ROWS rows."""
    head = "\x1f".join(f"{name} {kind}" for name, kind in columns)
    order = ", ".join(quoted(name) for name in dict.fromkeys([*grain, *(name for name, _ in columns)]))
    rows = con.execute(
        f"select part, string_agg(line, chr(30) order by place) from ("
        f"select cast({by} as varchar) as part, {row_text(columns)} as line, "
        f"row_number() over (partition by {by} order by {order}) as place from {relation}) group by part"
    ).fetchall()
    return {part: hashlib.sha256(f"{head}\x1e{text}".encode()).hexdigest() for part, text in rows}


def digest_of(digests: Iterable[tuple[str, str]]) -> str:
    """One digest over several, by name; the order they come in does not matter."""
    text = "\n".join(f"{name} {value}" for name, value in sorted(digests))
    return hashlib.sha256(text.encode()).hexdigest()
