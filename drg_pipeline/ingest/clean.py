"""Writes a copy of a file's text that DuckDB can split by line and separator alone.

Lines stay where they are: a record over several lines is joined and followed by as many blank
lines, and a record that cannot be read keeps its line, marked with the reason. All of it is array
work over the text's bytes; nothing loops over lines. No typing and no layout here.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from drg_pipeline.ingest import quoting
from drg_pipeline.ingest.parting import escapes, whole_lines
from drg_pipeline.ingest.quoting import (
    COMMA,
    CR,
    LF,
    QUOTE,
    Bytes,
    Mask,
    Numbers,
    Records,
    parity,
    resolve_quotes,
    single_lines,
)
from drg_pipeline.ingest.scan import LONGEST_LINE, FileFault, Scan

# What can be wrong with a whole record: the code after the mark in the copy, and its meaning. That it has
# another number of fields is found where it is split.
NUL, ENCODING, LONG, QUOTING, FIELDS = b"nelqf"
REASONS = {
    chr(NUL): "NUL byte",
    chr(ENCODING): "not UTF-8 / GB18030",
    chr(LONG): f"longer than {LONGEST_LINE:,} bytes",
    chr(QUOTING): "broken quoting",
    chr(FIELDS): "not as many fields as the header, and from this column on a value may be another column's",
}

_CONTROLS = bytes([*range(0x1F, 0x0D, -1), *range(0x01, 0x09), 0x0B, 0x0C, 0x7F])
_EXCERPT = 800  # bytes kept of a record that cannot be read: 200 characters of any kind fit
_UNKNOWN = ord("?")


@dataclass(frozen=True)
class Cleaned:
    """How to read the copy: its separators are characters that the text does not have.

    Line breaks and carriage returns stand for those inside a field; None where no field has one.
    """

    separator: str
    line_break: str | None
    carriage_return: str | None
    mark: str
    value: str
    continuation_lines: int


def read_text(source: Path, scan: Scan) -> tuple[bytes, str]:
    """The file in UTF-8, ended by a line break, and the encoding that it was in."""
    raw = source.read_bytes()
    if not raw.endswith(b"\n"):
        raw += b"\n"
    encoding = "utf-8" if scan.valid_utf8 else _encoding(raw)
    text = raw if scan.valid_utf8 else b"".join(_as_utf8(piece, encoding) for piece in whole_lines(raw))
    if not scan.clean and text.count(b"\n") != scan.physical_lines:
        raise FileFault("decoding changes its number of lines, or it was changed while it was read")
    return text, encoding


def clean_text(text: bytes, target: Path, scan: Scan, fields: int) -> Cleaned:
    """Writes `target`, in which every line is the header, blank, a record or a marked record."""
    separator, line_break, carriage, mark, value = _unused(text)

    data: Bytes = np.frombuffer(text, dtype=np.uint8)
    ends = np.flatnonzero(data == LF)
    starts = np.concatenate((np.zeros(1, np.int64), ends[:-1] + 1))
    records = resolve_quotes(data, starts, ends, fields) if scan.quotes else single_lines(len(ends))
    stops = ends[records.last]  # by line: where the record that starts there stops

    nul = np.flatnonzero(data == 0)
    escaped = np.zeros(0, np.int64) if scan.valid_utf8 else np.flatnonzero(escapes(data))
    reason = np.zeros(len(ends), np.uint8)
    _give(reason, records.first[np.searchsorted(ends, nul)], NUL)
    _give(reason, records.first[np.searchsorted(ends, escaped)], ENCODING)
    _give(reason, np.flatnonzero((stops - starts > LONGEST_LINE) & (records.first == records.line)), LONG)
    _give(reason, records.broken, QUOTING)
    reason[0] = 0
    rejected = np.flatnonzero(reason)

    out, keep = data.copy(), np.ones(len(data), bool)
    out[nul] = _UNKNOWN
    out[escaped] = _UNKNOWN
    keep[escaped + 1] = keep[escaped + 2] = False
    inner = records.last > records.line  # another line of the same record follows
    returns_kept = _end_lines(data, out, keep, ends, inner, carriage, line_break)
    if scan.quotes:
        readable = ~_spans(len(data), np.append(starts[rejected], 0), np.append(stops[rejected], ends[0]))
        _unquote(data, out, keep, readable, separator)
    _cut(out, keep, starts[rejected], stops[rejected])
    _write(target, out, keep, _insertions(records, rejected, reason, starts, ends, mark, separator))
    return Cleaned(
        separator=chr(separator) if scan.quotes else ",",
        line_break=chr(line_break) if inner.any() else None,
        carriage_return=chr(carriage) if returns_kept else None,
        mark=chr(mark),
        value=chr(value),
        continuation_lines=int(inner.sum()),
    )


def _as_utf8(piece: bytes, encoding: str) -> bytes:
    """UTF-8, in which a byte that cannot be decoded stands as an escape (a lone surrogate)."""
    return piece.decode(encoding, "surrogateescape").encode("utf-8", "surrogatepass")


def _encoding(raw: bytes) -> str:
    """UTF-8 if most lines that are not plain ASCII decode as UTF-8, else GB18030."""
    foreign = faulty = 0
    for piece in whole_lines(raw):
        if piece.isascii():
            continue
        foreign += _lines_with(np.frombuffer(piece, np.uint8) >= 0x80, piece)
        try:
            piece.decode("utf-8")
        except UnicodeDecodeError:
            text = _as_utf8(piece, "utf-8")
            faulty += _lines_with(escapes(np.frombuffer(text, np.uint8)), text)
    return "utf-8" if 2 * faulty < foreign else "gb18030"


def _lines_with(found: Mask, piece: bytes) -> int:
    ends = np.flatnonzero(np.frombuffer(piece, np.uint8) == LF)
    starts = np.concatenate((np.zeros(1, np.int64), ends[:-1] + 1))
    return int(np.logical_or.reduceat(found, starts).sum())


def _unused(text: bytes) -> list[int]:
    """Five control characters that the text does not have."""
    free = [control for control in _CONTROLS if text.find(control) < 0]
    if len(free) < 5:
        raise FileFault("it uses nearly every control character; it is no text file")
    return free[:5]


def _give(reason: Bytes, lines: Numbers, code: int) -> None:
    """The first reason that was found for a record stays."""
    reason[lines[reason[lines] == 0]] = code


def _spans(size: int, starts: Numbers, stops: Numbers) -> Mask:
    """The bytes of disjoint spans."""
    edge = np.zeros(size + 1, np.int8)
    edge[starts] += 1
    edge[stops] -= 1
    return np.cumsum(edge[:-1], dtype=np.int8).astype(bool)


def _end_lines(
    data: Bytes, out: Bytes, keep: Mask, ends: Numbers, inner: Mask, carriage: int, line_break: int
) -> bool:
    """Drops the CR of a line's end; a line break inside a record becomes a character of its own.

    True if a CR stands anywhere else.
    """
    returns = np.flatnonzero(data == CR)
    out[returns] = carriage
    out[ends[inner]] = line_break
    at_end = returns[data[returns + 1] == LF]
    dropped = at_end[~inner[np.searchsorted(ends, at_end)]]
    keep[dropped] = False
    return len(dropped) < len(returns)


def _unquote(data: Bytes, out: Bytes, keep: Mask, readable: Mask, separator: int) -> None:
    """Takes away the quotes around fields, halves the doubled ones, and marks the separating commas.

    Every readable record has an even number of quotes, so parity over all bytes is parity in the record.
    """
    carried = False
    for begin in range(0, len(data), quoting.PIECE):
        piece = slice(begin, begin + quoting.PIECE)
        quotes = (data[piece] == QUOTE) & readable[piece]
        inside = parity(quotes) ^ carried
        carried = bool((inside ^ quotes)[-1])
        out[piece][(data[piece] == COMMA) & ~inside & readable[piece]] = separator
        at = np.flatnonzero(quotes)
        doubled = inside[at] & (data[begin + at + 1] == QUOTE)
        keep[begin + at[~doubled]] = False


def _cut(out: Bytes, keep: Mask, starts: Numbers, stops: Numbers) -> None:
    """Leaves an excerpt of every record that cannot be read, cut between two characters."""
    long = stops - starts > _EXCERPT
    cut = starts[long] + _EXCERPT
    for _ in range(3):
        cut -= (out[cut] & 0xC0) == 0x80
    keep[_spans(len(out), cut, stops[long])] = False


def _insertions(
    records: Records,
    rejected: Numbers,
    reason: Bytes,
    starts: Numbers,
    ends: Numbers,
    mark: int,
    separator: int,
) -> tuple[Numbers, Bytes]:
    """What the copy has more than the original.

    Mark and code before a rejected record; after a joined one its blank lines; a separator after a
    record of one quoted field, which would pass for a blank line if the field is empty.
    """
    joined = np.flatnonzero((records.first == records.line) & (records.last > records.line))
    blanks = np.repeat(ends[records.last[joined]], records.last[joined] - joined)
    single = ends[records.single[reason[records.single] == 0]]
    where = np.concatenate((starts[rejected], starts[rejected], blanks, single))
    what = np.concatenate(
        (
            np.full(len(rejected), mark, np.uint8),
            reason[rejected],
            np.full(len(blanks), LF, np.uint8),
            np.full(len(single), separator, np.uint8),
        )
    )
    return where, what


def _write(target: Path, out: Bytes, keep: Mask, insertions: tuple[Numbers, Bytes]) -> None:
    where, what = insertions
    if len(where):
        out, keep = np.insert(out, where, what), np.insert(keep, where, True)
    with target.open("wb") as file:
        out[keep].tofile(file)
