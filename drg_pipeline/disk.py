"""What a disk, or the memory that was given, did not allow, told as that and not as a fault of the program.

Python, SQLite and DuckDB each say it in their own way. What was written, and why, is not known here.
"""

from __future__ import annotations

import errno
import os
import re
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from drg_pipeline import messages
from drg_pipeline.errors import DrgError

_NO_ROOM = {getattr(errno, name) for name in ("ENOSPC", "EDQUOT", "EFBIG") if hasattr(errno, name)}
_NOT_ALLOWED = {errno.EACCES, errno.EPERM, errno.EROFS}
# DuckDB gives no number: the file system's own words stand at the end of its message.
_BY_WORDS = {
    os.strerror(number): number
    for number in (*_NO_ROOM, *_NOT_ALLOWED, errno.EIO, errno.ESTALE, errno.EMFILE, errno.ENFILE)
}
_SQLITE = {
    sqlite3.SQLITE_FULL: errno.ENOSPC,
    sqlite3.SQLITE_READONLY: errno.EROFS,
    sqlite3.SQLITE_CANTOPEN: errno.EACCES,
    sqlite3.SQLITE_IOERR: errno.EIO,
}
_RECORDS = "Dagster's records (.dagster in the lake)"


@dataclass(frozen=True)
class Trouble:
    """What was not allowed: `kind` room, right, failed or memory, `where`, and `what` was said of it."""

    kind: str
    where: str
    what: str

    def text(self, lang: str) -> str:
        where = self.where or messages.text("disk.unnamed", lang)
        return messages.text(f"disk.{self.kind}", lang, where=where, what=self.what)


def refused(error: BaseException | None) -> DrgError | None:
    """The error to raise in place of one that `trouble` knows."""
    found = trouble(error)
    return DrgError.retold(found.text(messages.LANGUAGES[0])) if found else None


def trouble(error: BaseException | None) -> Trouble | None:
    """Whether a disk or the memory is behind an error, or behind what caused it."""
    for cause in _causes(error):
        if found := _of_system(cause) or _of_sqlite(cause) or _of_duckdb(cause) or _of_python(cause):
            return found
    return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what stands behind it; a DrgError has told already."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen and not isinstance(error, DrgError):
        seen.add(id(error))
        yield error
        # SQLAlchemy keeps what the database raised.
        error = getattr(error, "orig", None) or error.__cause__ or error.__context__


def _of_system(error: BaseException) -> Trouble | None:
    if not isinstance(error, OSError) or error.errno is None or error.errno not in _BY_WORDS.values():
        return None
    return _told(error.errno, os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else "")


def _of_sqlite(error: BaseException) -> Trouble | None:
    if not isinstance(error, sqlite3.Error):
        return None
    number = _SQLITE.get((getattr(error, "sqlite_errorcode", None) or 0) & 0xFF)
    return _told(number, _RECORDS, str(error)) if number else None


def _of_python(error: BaseException) -> Trouble | None:
    return (
        Trouble("memory", "", str(error) or "no more can be had") if isinstance(error, MemoryError) else None
    )


def _of_duckdb(error: BaseException) -> Trouble | None:
    duckdb = sys.modules.get("duckdb")
    if not duckdb or not isinstance(error, duckdb.Error):
        return None
    first = str(error).strip().splitlines()[0]
    if isinstance(error, duckdb.OutOfMemoryException):
        return Trouble("memory", "", first.removesuffix("."))
    number = next((number for words, number in _BY_WORDS.items() if words in first), None)
    if number is None or not isinstance(error, duckdb.IOException):
        return None
    named = re.search(r'"([^"]+)"', first)
    return _told(number, named[1] if named else "")


def _told(number: int, where: str, said: str = "") -> Trouble:
    kind = "room" if number in _NO_ROOM else "right" if number in _NOT_ALLOWED else "failed"
    return Trouble(kind, where, said or os.strerror(number))
