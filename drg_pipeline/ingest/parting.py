"""Parts a file's lines: the even ones to a copy that DuckDB's own reader splits, the others to be looked at.

An even line has the header's number of fields, and nothing in it has to be cleaned or joined with another
line. A faulty export has few that are not, and all that is done to those costs many times what it takes to
read an even one. All of it is array work, by pieces of whole lines. No typing and no layout here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from drg_pipeline.ingest import quoting
from drg_pipeline.ingest.quoting import COMMA, CR, LF, QUOTE, Bytes, Mask, Numbers
from drg_pipeline.ingest.scan import LONGEST_LINE

_MOST_UNEVEN = 1 / 4  # of all lines; with more of them two ways of reading a file cost more than one


@dataclass(frozen=True)
class Parted:
    """The lines that are looked at.

    text        below the header every line that is not even, and of even ones between them the first
    numbers     by line of `text` the physical line it is; 0 for an even one, which only shows where a quoted
                field cannot go on; None where `text` has all lines
    lines       how many there are in all
    even_lines  how many the copy has; in it a line without any text stands for each of the others
    never_open  there are even lines, and none of them ends in an empty field
    """

    text: bytes
    numbers: Numbers | None
    lines: int
    even_lines: int
    never_open: bool


def part_lines(text: bytes, copy: Path, fields: int) -> Parted:
    """Writes the even lines of a text, which ends in a line break, to `copy`; none if they are too few."""
    pieces: list[bytes] = []
    numbers: list[Numbers] = []
    lines = even_lines = open_lines = 0
    after_uneven = False
    with copy.open("wb") as file:
        for piece in whole_lines(text):
            data: Bytes = np.frombuffer(piece, dtype=np.uint8)
            ends = np.flatnonzero(data == LF)
            length = np.diff(ends, prepend=-1)
            uneven = _uneven(data, ends, length, fields)
            if not lines:
                uneven[0] = True
            _blanked(data, ends, length, uneven, fields).tofile(file)
            looked_at = uneven.copy()
            looked_at[0] |= after_uneven
            looked_at[1:] |= uneven[:-1]
            looked_at[0] &= lines > 0
            after_uneven = bool(uneven[-1])
            pieces.append(data[np.repeat(looked_at, length)].tobytes())
            own = np.arange(lines + 1, lines + len(ends) + 1)
            numbers.append(np.where(uneven, own, 0)[looked_at])
            lines += len(ends)
            even_lines += int(np.count_nonzero(~uneven))
            open_lines += _open_lines(data, ends[~uneven])
    never_open = even_lines > 0 and not open_lines
    if lines - even_lines > lines * _MOST_UNEVEN:
        copy.unlink()
        below = text[text.index(b"\n") + 1 :]
        return Parted(below, None, lines, even_lines=0, never_open=never_open)
    return Parted(b"".join(pieces), np.concatenate(numbers), lines, even_lines, never_open)


def whole_lines(text: bytes) -> Iterator[bytes]:
    """The text in pieces of whole lines: positions in it take many times the bytes they stand for."""
    position = 0
    while position < len(text):
        newline = text.find(b"\n", min(position + quoting.PIECE, len(text) - 1))
        piece = text[position : newline + 1]
        if piece.count(b"\n") > quoting.PIECE_LINES:
            ends = np.flatnonzero(np.frombuffer(piece, np.uint8) == LF)
            piece = piece[: int(ends[quoting.PIECE_LINES - 1]) + 1]
        yield piece
        position += len(piece)


def escapes(data: Bytes) -> Mask:
    """Where a byte that could not be decoded stands: no valid UTF-8 has 0xA0 or more after 0xED."""
    found = np.zeros(len(data), bool)
    found[:-1] = (data[:-1] == 0xED) & (data[1:] >= 0xA0)
    return found


def _uneven(data: Bytes, ends: Numbers, length: Numbers, fields: int) -> Mask:
    commas = np.diff(np.searchsorted(np.flatnonzero(data == COMMA), ends), prepend=0)
    uneven: Mask = (commas != fields - 1) | (length > LONGEST_LINE) | (fields == 1)
    inner_return = (data[:-1] == CR) & (data[1:] != LF)
    for found in (data == QUOTE, data == 0, escapes(data), inner_return):
        uneven[np.searchsorted(ends, np.flatnonzero(found))] = True
    return uneven


def _open_lines(data: Bytes, ends: Numbers) -> int:
    """How many of the lines that end there have an empty last field."""
    before = data[ends - 1]
    return int(np.count_nonzero(np.where(before == CR, data[ends - 2], before) == COMMA))


def _blanked(data: Bytes, ends: Numbers, length: Numbers, uneven: Mask, fields: int) -> Bytes:
    """The lines without the CR at their ends, and separators alone instead of each uneven one."""
    blank = np.array([*[COMMA] * (fields - 1), LF], np.uint8)
    keep = np.repeat(~uneven, length) & (data != CR)
    where = np.repeat((ends - length + 1)[uneven], fields)
    what = np.tile(blank, np.count_nonzero(uneven))
    blanked: Bytes = np.insert(data, where, what)[np.insert(keep, where, True)]
    return blanked
