"""Persons that are recognised wherever they stand, whole or in part, and the search for them."""

from __future__ import annotations

from pathlib import Path

import duckdb

# No word of ours, no code and no digest holds these letters in this order.
SIGN = "QXZJVKWQXZJVKW"
PART = 6  # letters that tell it


def person(number: int) -> str:
    """A person's number as an agency's file has it."""
    return f"41{SIGN}{number:04}"


def stands_in(text: str | bytes) -> bool:
    """Whether a text tells a person: some letters in a row of the sign, in any case."""
    given = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
    upper = given.upper()
    return any(SIGN[at : at + PART].encode() in upper for at in range(len(SIGN) - PART + 1))


def rows_tell(con: duckdb.DuckDBPyConnection, path: Path) -> bool:
    """Whether a row of a Parquet file tells one: its bytes are packed."""
    if path.suffix != ".parquet":
        return False
    parts = {SIGN[at : at + PART] for at in range(len(SIGN) - PART + 1)}
    asked = " or ".join(f"contains(upper(cast(t as varchar)), '{part}')" for part in sorted(parts))
    source = f"read_parquet('{path}', hive_partitioning = false)"
    return bool(con.execute(f"select count(*) > 0 from {source} as t where {asked}").fetchall()[0][0])
