"""DuckDB as all of the program uses it: connections, names and texts in SQL, how Parquet is written.

No table, no folder and no partition is known here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

# Level 1 takes a third less time than the default for files of the same size. Data pages of version 2 store
# numbers as differences: a tenth less of both. Files are read whole, so that a filter on values helps nobody.
_KEPT = "parquet_version v2, compression zstd, compression_level 1, write_bloom_filter false"
_THROWN_AWAY = "compression lz4"
# Values that hardly repeat take less time, and no more space, without a dictionary; by default one has up to
# a fifth as many values as there are rows.
_LARGEST_DICTIONARY = 4_000
_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB")


def connect(
    file: Path | None = None,
    *,
    read_only: bool = False,
    threads: int | None = None,
    memory_limit: str | None = None,
    spill: Path | None = None,
    within: Sequence[Path] = (),
) -> duckdb.DuckDBPyConnection:
    """A connection that fetches no extension: in memory, or to a file.

    threads, memory_limit  what it may take; None: what DuckDB takes by itself
    spill                  the folder for what does not fit into memory
    within                 the only folders that it reaches; none: any
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    given = {"threads": threads, "memory_limit": memory_limit, "temp_directory": spill and str(spill)}
    config |= {name: value for name, value in given.items() if value}
    con = duckdb.connect(str(file or ":memory:"), read_only=read_only, config=config)
    if within:
        allowed = ", ".join(literal(f"{folder.resolve()}/") for folder in within)
        con.execute(f"set allowed_directories = [{allowed}]")
        con.execute("set enable_external_access = false")
    return con


def allowed_memory(con: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """What a connection may take: bytes, as near as it tells them, and threads."""
    told = con.execute("select current_setting('memory_limit'), current_setting('threads')").fetchone()
    assert told is not None
    number, unit = str(told[0]).split()
    return int(float(number) * 1024 ** _UNITS.index(unit)), int(told[1])


def quoted(name: str) -> str:
    """A name as SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: object) -> str:
    """A whole number as SQL, or any other value's text.

    A control character that stands alone is written by its number.
    """
    text = str(value)
    if isinstance(value, int):
        return text
    if len(text) == 1 and not text.isprintable():
        return f"chr({ord(text)})"
    return "'" + text.replace("'", "''") + "'"


def file_literal(path: Path) -> str:
    """The path of a file to read as SQL, in which no character is a wildcard."""
    return literal(re.sub(r"([*?\[])", r"[\1]", str(path)))


def with_schema(con: duckdb.DuckDBPyConnection, table: str) -> str:
    """The name of `layer.table` as SQL, in a schema that is there now."""
    layer, name = map(quoted, table.split("."))
    con.execute(f"create schema if not exists {layer}")
    return f"{layer}.{name}"


def ask(
    con: duckdb.DuckDBPyConnection, query: str, parameters: Mapping[str, object] | None = None
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """The columns and rows of a query, which is given those of the parameters that it names ($name)."""
    given = {name: value for name, value in (parameters or {}).items() if re.search(rf"\${name}\b", query)}
    answer = con.execute(query, given)
    return [str(column[0]) for column in answer.description or ()], answer.fetchall()


def records(
    con: duckdb.DuckDBPyConnection, query: str, parameters: Mapping[str, object] | None = None
) -> list[dict[str, Any]]:
    """The rows of a query, each column -> value; asked as above."""
    names, rows = ask(con, query, parameters)
    return [dict(zip(names, row, strict=True)) for row in rows]


def write_parquet(
    con: duckdb.DuckDBPyConnection,
    select: str,
    target: Path,
    *,
    rows: int | None = None,
    notes: Mapping[str, str] | None = None,
    kept: bool = True,
) -> int:
    """Write the rows of a SELECT in its order; returns their number.

    rows   about how many there are, where that is known
    notes  texts for the file's footer
    kept   False of a file that is read once and thrown away: written quickly rather than small
    """
    options = ["format parquet", _KEPT if kept else _THROWN_AWAY]
    if rows is not None:
        options.append(f"dictionary_size_limit {max(1, min(_LARGEST_DICTIONARY, rows // 5))}")
    if notes:
        told = ", ".join(f"{name}: {literal(value)}" for name, value in notes.items())
        options.append(f"kv_metadata {{{told}}}")
    copied = con.execute(f"copy ({select}\n) to {literal(target)} ({', '.join(options)})").fetchone()
    return int(copied[0]) if copied else 0


def first_line(error: Exception) -> str:
    """What an error of the database says in short."""
    return str(error).strip().splitlines()[0]
