"""Writes a copy of a file's text that DuckDB can split by line and separator alone.

A record over several lines is joined, one that cannot be read keeps its line, marked with the reason, and
blank lines are left out; which line a record starts on is told beside it. All of it is array work over the
text's bytes, by pieces, so that short lines take no more memory than long ones. No typing and no layout here.
"""

from __future__ import annotations

from collections.abc import Iterator
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
    numbers             by line of the copy the physical line on which its record starts
    continuation_lines  how many lines of the text go on with a record
    """

    separator: str
    line_break: str | None
    carriage_return: str | None
    mark: str
    value: str
    numbers: Numbers
    blank_lines: int
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


def clean_text(text: bytes, numbers: Numbers | None, target: Path, scan: Scan, fields: int) -> Cleaned:
    """Writes `target`, in which every line is a record or a marked record.

    text     lines below a file's header
    numbers  by line the physical line it is, 0 for one that only shows where a quoted field cannot go on;
             None where the first is line 2, and all that follow are there
    """
    signs = _Signs(*_unused(text))
    out_of: list[Numbers] = []
    blank_lines = continued = passed = 0
    returns = False
    with target.open("wb") as file:
        for piece, records in _pieces(text, scan.quotes, fields):
            lines = len(records.line)
            own = np.arange(passed + 2, passed + lines + 2) if numbers is None else numbers[passed:][:lines]
            cleaned, cut = _clean_piece(piece, records, own, scan, signs)
            cleaned.tofile(file)
            passed += lines
            out_of.append(cut.numbers)
            blank_lines += cut.blank_lines
            continued += cut.continuation_lines
            returns = returns or cut.returns
    return Cleaned(
        separator=chr(signs.separator) if scan.quotes else ",",
        line_break=chr(signs.line_break) if continued else None,
        carriage_return=chr(signs.carriage_return) if returns else None,
        mark=chr(signs.mark),
        value=chr(signs.value),
        numbers=np.concatenate([np.zeros(0, np.int64), *out_of]),
        blank_lines=blank_lines,
        continuation_lines=continued,
    )


@dataclass(frozen=True)
class _Signs:
    """Control characters that the text does not have."""

    separator: int
    line_break: int
    carriage_return: int
    mark: int
    value: int


@dataclass(frozen=True)
class _Cut:
    """What one piece of the text came to."""

    numbers: Numbers
    blank_lines: int
    continuation_lines: int
    returns: bool


def _pieces(text: bytes, quotes: bool, fields: int) -> Iterator[tuple[Bytes, Records]]:
    """The text in pieces that no record goes across, with the records of each.

    A line whose quoted field may go on in the next piece is put before it; only not for longer than a record
    may be.
    """
    position, carried = 0, 0
    for piece in whole_lines(text):
        stop = position + carried + len(piece)
        data: Bytes = np.frombuffer(text, np.uint8, stop - position, position)
        ends = np.flatnonzero(data == LF)
        carried = 0
        if not quotes:
            yield data, single_lines(len(ends))
        else:
            starts = np.concatenate((np.zeros(1, np.int64), ends[:-1] + 1))
            records, may_go_on = resolve_quotes(data, starts, ends, fields)
            if stop < len(text) and may_go_on < len(ends) and len(data) - starts[may_go_on] <= LONGEST_LINE:
                carried = int(len(data) - starts[may_go_on])
                data, records = data[: len(data) - carried], records.first_lines(may_go_on)
            yield data, records
        position = stop - carried


def _clean_piece(
    data: Bytes, records: Records, numbers: Numbers, scan: Scan, signs: _Signs
) -> tuple[Bytes, _Cut]:
    if not len(data):
        return data, _Cut(numbers, 0, 0, False)
    ends = np.flatnonzero(data == LF)
    starts = np.concatenate((np.zeros(1, np.int64), ends[:-1] + 1))
    stops = ends[records.last]  # by line: where the record that starts there stops

    nul = np.flatnonzero(data == 0)
    escaped = np.zeros(0, np.int64) if scan.valid_utf8 else np.flatnonzero(escapes(data))
    reason = np.zeros(len(ends), np.uint8)
    _give(reason, records.first[np.searchsorted(ends, nul)], NUL)
    _give(reason, records.first[np.searchsorted(ends, escaped)], ENCODING)
    _give(reason, np.flatnonzero((stops - starts > LONGEST_LINE) & (records.first == records.line)), LONG)
    _give(reason, records.broken, QUOTING)
    rejected = np.flatnonzero(reason)

    out, keep = data.copy(), np.ones(len(data), bool)
    out[nul] = _UNKNOWN
    out[escaped] = _UNKNOWN
    keep[escaped + 1] = keep[escaped + 2] = False
    inner = records.last > records.line  # another line of the same record follows
    returns = _end_lines(data, out, keep, ends, inner, signs)
    is_blank = ~np.logical_or.reduceat(_shown(data), starts) & (records.first == records.last)
    if scan.quotes:
        readable = ~_spans(len(data), starts[rejected], stops[rejected])
        _unquote(data, out, keep, readable, signs.separator)
    _cut(out, keep, starts[rejected], stops[rejected])
    left_out = is_blank | (numbers == 0)
    keep &= ~np.repeat(left_out, np.diff(ends, prepend=-1))
    out = _inserted(out, keep, _insertions(records, rejected, reason, starts, ends, signs))
    starting = (records.first == records.line) & ~left_out
    return out, _Cut(numbers[starting], int(is_blank.sum()), int(inner.sum()), returns)


def _shown(data: Bytes) -> Mask:
    """The bytes that keep a line from being blank; not the CR of its end."""
    shown: Mask = (data != ord(" ")) & (data != ord("\t")) & (data != LF)
    shown[:-1] &= ~((data[:-1] == CR) & (data[1:] == LF))
    return shown


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


def _end_lines(data: Bytes, out: Bytes, keep: Mask, ends: Numbers, inner: Mask, signs: _Signs) -> bool:
    """Drops the CR of a line's end; a line break inside a record becomes a character of its own.

    True if a CR stands anywhere else.
    """
    returns = np.flatnonzero(data == CR)
    out[returns] = signs.carriage_return
    out[ends[inner]] = signs.line_break
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
    records: Records, rejected: Numbers, reason: Bytes, starts: Numbers, ends: Numbers, signs: _Signs
) -> tuple[Numbers, Bytes]:
    """What the copy has more than the original.

    Mark and code before a rejected record; a separator after a record of one quoted field, which would pass
    for a blank line if the field is empty.
    """
    single = ends[records.single[reason[records.single] == 0]]
    where = np.concatenate((starts[rejected], starts[rejected], single))
    what = np.concatenate(
        (
            np.full(len(rejected), signs.mark, np.uint8),
            reason[rejected],
            np.full(len(single), signs.separator, np.uint8),
        )
    )
    return where, what


def _inserted(out: Bytes, keep: Mask, insertions: tuple[Numbers, Bytes]) -> Bytes:
    where, what = insertions
    if len(where):
        out, keep = np.insert(out, where, what), np.insert(keep, where, True)
    kept: Bytes = out[keep]
    return kept
