"""One pass over a delivered file's bytes: what they are, without changing any of them.

The pass hashes, counts physical lines and finds out whether DuckDB can read the file as it is.
Rewriting a file that is not clean is in `clean.py`; typing is in `read.py`.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from drg_pipeline.ingest.foreign import kind_of, start_of

BLOCK = 1024 * 1024  # stays in the processor's cache while it is looked at several times
LONGEST_LINE = 2 * 1024 * 1024
MOST_COLUMNS = 500
LF, COMMA = b"\n,"
UNIT_SEPARATOR = b"\x1f"  # separates nothing in a clean file, so that a line is read as one value

_FOREIGN_MARKS = (  # UTF-32 first: its little-endian mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_GB18030_BOM = "\ufeff".encode("gb18030")


class FileFault(Exception):
    """The whole file cannot be taken in; the text says what is wrong with it."""


@dataclass(frozen=True)
class Scan:
    """What one pass over the bytes found."""

    sha256: str
    size: int
    physical_lines: int
    valid_utf8: bool
    quotes: bool
    carriage_returns: bool
    nul_bytes: bool
    separator_used: bool
    long_lines: bool
    blank_lines: bool
    commas: int

    @property
    def clean(self) -> bool:
        """DuckDB reads the original: every physical line is a record, a blank line or the header."""
        return self.valid_utf8 and not (
            self.quotes or self.carriage_returns or self.nul_bytes or self.separator_used or self.long_lines
        )

    def even(self, fields: int) -> bool:
        """Every line has these fields, unless one has fewer: then another has more."""
        whole = not self.blank_lines and self.commas == self.physical_lines * (fields - 1)
        return self.clean and fields > 1 and whole


def scan_file(path: Path) -> Scan:
    """Reads the file once, block by block."""
    digest = hashlib.sha256()
    decoder = codecs.getincrementaldecoder("utf-8")()
    valid, quotes, returns, nul, separator, long = True, False, False, False, False, False
    size = lines = commas = line_start = 0
    blank, last = False, b""
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
            counted = np.frombuffer(block, np.uint8)
            breaks = counted == LF
            lines += int(np.count_nonzero(breaks))
            commas += int(np.count_nonzero(counted == COMMA))
            # To search the bytes for two line breaks at once takes longer than to count both marks.
            blank = blank or bool((breaks[1:] & breaks[:-1]).any()) or (last == b"\n" and bool(breaks[0]))
            quotes = quotes or b'"' in block
            returns = returns or b"\r" in block
            nul = nul or b"\0" in block
            separator = separator or UNIT_SEPARATOR in block
            if valid and (decoder.getstate()[0] or not block.isascii()):
                try:
                    decoder.decode(block)
                except UnicodeDecodeError:
                    valid = False
            if not long:
                long = _has_long_line(block, size - line_start)
            newline = block.rfind(b"\n")
            if newline >= 0:
                line_start = size + newline + 1
            size += len(block)
            last = block[-1:]
    if valid:
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            valid = False
    return Scan(
        sha256=digest.hexdigest(),
        size=size,
        physical_lines=lines + (size > 0 and last != b"\n"),
        valid_utf8=valid,
        quotes=quotes,
        carriage_returns=returns,
        nul_bytes=nul,
        separator_used=separator,
        long_lines=long,
        blank_lines=blank,
        commas=commas,
    )


def hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _has_long_line(block: bytes, carried: int) -> bool:
    """Whether a line goes on for too long; `carried` bytes of the block's first line came before it."""
    first = block.find(b"\n")
    if first < 0:
        return carried + len(block) > LONGEST_LINE
    if carried + first > LONGEST_LINE:
        return True
    position = first + 1
    while len(block) - position > LONGEST_LINE:
        # Jumping from the window's end backwards touches few bytes, however short the lines are.
        newline = block.rfind(b"\n", position, position + LONGEST_LINE + 1)
        if newline < 0:
            return True
        position = newline + 1
    return False


@dataclass(frozen=True)
class Header:
    """The names of the header row, trimmed and in lower case, in the file's order."""

    names: tuple[str, ...]
    bom: bool


def read_header(path: Path) -> Header:
    """The first physical line as column names, or the fault that makes the file unreadable."""
    with path.open("rb") as file:
        line = file.readline(LONGEST_LINE + 1)
    if not line:
        raise FileFault("the file is empty (0 bytes, not even a header)")
    if kind := kind_of(start_of(path)):
        raise FileFault(f"it is {kind}, not a CSV file: have it saved as CSV (UTF-8)")
    for mark, name in _FOREIGN_MARKS:
        if line.startswith(mark):
            raise FileFault(f"the file is in {name}; UTF-8 or GB18030 is expected")
    if b"\0" in line:
        raise FileFault("the header has NUL bytes (a file in UTF-16, or not a text file)")
    if len(line) > LONGEST_LINE:
        raise FileFault(f"the header is longer than {LONGEST_LINE:,} bytes")
    bom = line.startswith((codecs.BOM_UTF8, _GB18030_BOM))
    text = _decoded(line).lstrip("\ufeff").rstrip("\r\n")
    if not text.strip():
        raise FileFault("line 1 is blank where the header is expected")
    if "\r" in text:
        raise FileFault("the lines end in CR alone; LF or CRLF is expected")
    try:
        fields = next(csv.reader([text], strict=True))
    except csv.Error:
        raise FileFault("the header has broken quoting (line 1)") from None
    if len(fields) > MOST_COLUMNS:
        raise FileFault(f"the header has {len(fields):,} columns; at most {MOST_COLUMNS:,} are read")
    return Header(tuple(field.strip().lower() for field in fields), bom)


def _decoded(line: bytes) -> str:
    for encoding in ("utf-8", "gb18030"):
        try:
            return line.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise FileFault("the header is neither UTF-8 nor GB18030 (line 1)")
