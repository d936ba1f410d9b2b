"""Which physical lines make a record, and which have broken quoting (RFC 4180), set-wise.

A quote that is never closed must not swallow the good records after it. So a record over several
lines is believed only if it has exactly the header's number of fields and no line after its first
would be a complete record by itself.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Numbers = NDArray[np.int64]
Mask = NDArray[np.bool_]

LF, CR, COMMA, QUOTE = b'\n\r,"'
PIECE = 4 * 1024 * 1024
PIECE_LINES = 64 * 1024  # what is noted of each line takes many times the bytes of a short one


@dataclass(frozen=True)
class Records:
    """By physical line: its own number, the first and the last line of the record it belongs to."""

    line: Numbers
    first: Numbers
    last: Numbers
    broken: Numbers  # lines that are records with broken quoting
    single: Numbers  # lines that are one quoted field, so that nothing may be left without its quotes

    def first_lines(self, count: int) -> Records:
        """As many lines, behind which no record goes on."""
        broken, single = (lines[lines < count] for lines in (self.broken, self.single))
        return Records(self.line[:count], self.first[:count], self.last[:count], broken, single)


def single_lines(lines: int) -> Records:
    """A file without quotes: every line stands for itself."""
    own = np.arange(lines)
    none = np.zeros(0, np.int64)
    return Records(own, own, own, broken=none, single=none)


def parity(marks: Mask) -> Mask:
    """Whether an odd number of marks stands before each position."""
    before_or_at: Mask = np.logical_xor.accumulate(marks)
    return before_or_at ^ marks


@dataclass(frozen=True)
class _Lines:
    """Each line read as if it began outside quotes, and as if it began inside a quoted field."""

    odd: Mask
    quoted: Mask
    commas_outside: Numbers  # separating commas of a line that begins outside
    commas_inside: Numbers
    faults_outside: Numbers  # quotes that neither open nor close a field
    faults_inside: Numbers


def resolve_quotes(data: Bytes, starts: Numbers, ends: Numbers, fields: int) -> tuple[Records, int]:
    """Joins lines to records; also the line with which a record may go on behind the last line.

    That is the number of lines where no record can.
    """
    read = _read_lines(data, starts, ends)
    own = np.arange(len(ends))
    odd = np.flatnonzero(read.odd)
    head, tail = odd[:-1], odd[1:]
    complete = ~read.odd & (read.faults_outside == 0) & (read.commas_outside == fields - 1)
    believable = (
        (read.commas_outside[head] + _between(read.commas_inside, head, tail) == fields - 1)
        & (read.faults_outside[head] + _between(read.faults_inside, head, tail) == 0)
        & (_between(complete, head, tail) == 0)
    )
    taken = _alternate(believable)
    first, last = head[taken], tail[taken]

    record_first, record_last = own.copy(), own.copy()
    length = last - first + 1
    members = np.repeat(first - np.concatenate((np.zeros(1, np.int64), np.cumsum(length)[:-1])), length)
    members += np.arange(len(members))
    record_first[members] = np.repeat(first, length)
    record_last[members] = np.repeat(last, length)

    faulty = read.odd | (read.faults_outside > 0)
    faulty[members] = False
    single = read.quoted & (read.commas_outside == 0) & ~faulty
    single[members] = False
    records = Records(own, record_first, record_last, np.flatnonzero(faulty), np.flatnonzero(single))
    may_go_on = len(ends)
    if len(odd) and faulty[odd[-1]] and not complete[odd[-1] + 1 :].any():
        may_go_on = int(odd[-1])
    return records, may_go_on


def _between(values: NDArray[np.int64] | Mask, head: Numbers, tail: Numbers) -> Numbers:
    """Sums of the values after each head up to its tail."""
    total = np.concatenate((np.zeros(1, np.int64), np.cumsum(values, dtype=np.int64)))
    result: Numbers = total[tail + 1] - total[head + 1]
    return result


def _alternate(believable: Mask) -> Mask:
    """Takes pairs from the front; the second line of a pair that was taken cannot begin another."""
    position = np.arange(len(believable))
    run_start = np.maximum.accumulate(np.where(believable, 0, position + 1)) if len(position) else position
    even: Mask = (position - run_start) % 2 == 0
    return believable & even


def _read_lines(data: Bytes, starts: Numbers, ends: Numbers) -> _Lines:
    """By pieces of whole lines: positions of quotes and commas take many times the bytes they stand for."""
    cuts = np.searchsorted(ends, np.arange(PIECE, len(data), PIECE)) + 1
    edges = np.unique(np.concatenate(([0], cuts, [len(ends)])))
    read = []
    for first, stop in itertools.pairwise(edges):
        begin = starts[first]
        piece = data[begin : ends[stop - 1] + 1]
        read.append(_read_piece(piece, starts[first:stop] - begin, ends[first:stop] - begin))
    return _Lines(
        odd=np.concatenate([piece.odd for piece in read]),
        quoted=np.concatenate([piece.quoted for piece in read]),
        commas_outside=np.concatenate([piece.commas_outside for piece in read]),
        commas_inside=np.concatenate([piece.commas_inside for piece in read]),
        faults_outside=np.concatenate([piece.faults_outside for piece in read]),
        faults_inside=np.concatenate([piece.faults_inside for piece in read]),
    )


def _read_piece(data: Bytes, starts: Numbers, ends: Numbers) -> _Lines:
    quotes = data == QUOTE
    inside = parity(quotes)  # by the number of all quotes before, whatever line they stand in
    count = _by_line(quotes, ends)
    flipped = inside[starts]  # lines that begin inside, by that count

    commas = data == COMMA
    all_commas = _by_line(commas, ends)
    even = _by_line(commas & ~inside, ends)
    commas_outside = np.where(flipped, all_commas - even, even)

    at = np.flatnonzero(quotes)
    before, after = data[at - 1], data[at + 1]  # at 0 stands -1: a line break, as before any line
    line_end = (after == LF) | ((after == CR) & (data[np.minimum(at + 2, len(data) - 1)] == LF))
    bad_opening = ~((before == COMMA) | (before == QUOTE) | (before == LF))
    bad_closing = ~((after == COMMA) | (after == QUOTE) | line_end)
    line = np.repeat(np.arange(len(ends)), count)
    as_counted = _faults(line, np.where(inside[at], bad_closing, bad_opening), len(ends))
    as_flipped = _faults(line, np.where(inside[at], bad_opening, bad_closing), len(ends))
    return _Lines(
        odd=count % 2 == 1,
        quoted=count > 0,
        commas_outside=commas_outside,
        commas_inside=all_commas - commas_outside,
        faults_outside=np.where(flipped, as_flipped, as_counted),
        faults_inside=np.where(flipped, as_counted, as_flipped),
    )


def _by_line(marks: Mask, ends: Numbers) -> Numbers:
    """How many marks each line has."""
    return np.diff(np.searchsorted(np.flatnonzero(marks), ends), prepend=0)


def _faults(line: Numbers, bad: Mask, lines: int) -> Numbers:
    return np.bincount(line[bad], minlength=lines).astype(np.int64)
