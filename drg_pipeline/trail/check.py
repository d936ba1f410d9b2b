"""Whether a trail is unbroken, and where it is not: of its bytes, its head and what others noted of it.

Reads no file: what a line is stands in `line.py`, how one is added in `trail.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from drg_pipeline.errors import Fault
from drg_pipeline.trail.keys import PublicKey
from drg_pipeline.trail.line import BROKEN, TORN, Entry, parsed, sha256

# By an entry of this event, which has to be signed itself, a key vouches for the entries up to a number.
SIGNED = "signed"

Anchor = tuple[int, str]
# Line number, bytes, and the entry that they are, if they are one.
Line = tuple[int, bytes, Entry | None]


def vouched_until(entries: Sequence[Entry], keys: Sequence[PublicKey]) -> int:
    """The number of the last entry that a key vouches for by an entry of the event `signed`; 0 of none.

    It names that entry's digest, and vouches for what hangs together from the first entry up to it.
    """
    hangs: dict[int, str] = {}
    before: tuple[int, str] = (0, "")
    for entry in entries:
        if (entry.sequence, entry.previous) != (before[0] + 1, before[1]) or not entry.sealed():
            break
        before = (entry.sequence, entry.digest)
        hangs[entry.sequence] = entry.digest
    signed = (e.subject for e in entries if e.event == SIGNED and e.sealed() and e.signed_by(keys))
    told = ((of.get("entries"), of.get("digest")) for of in signed)
    return max((int(n) for n, digest in told if isinstance(n, int) and hangs.get(n) == digest), default=0)


@dataclass(frozen=True)
class Signed:
    """What has to be signed: entries of these events, by one of these keys."""

    keys: Sequence[PublicKey]
    events: Collection[str]

    def faults(self, entries: Sequence[Entry]) -> Iterator[Fault]:
        """Signatures that are none of these keys, and entries that lack one; entries in order.

        A signature is of the digest, and so of all that the entry follows; but an entry that nobody signed is
        not made good by a later one that follows it unawares. Only one of the event `signed` says so.
        """
        known = ", ".join(key.name for key in self.keys)
        good = {entry.sequence for entry in entries if entry.signed_by(self.keys) and entry.sealed()}
        vouched = vouched_until(entries, self.keys)
        for entry in entries:
            where = f"entry {entry.sequence}"
            if entry.signature and entry.sequence not in good:
                by = entry.signature.get("key")
                own = any(by == key.name for key in self.keys)
                yield Fault(
                    where,
                    "its signature is not of this entry: one of the two was changed"
                    if own
                    else f"is signed by another key ({by}) than {known}",
                )
            elif not entry.signature and entry.event in self.events and entry.sequence > vouched:
                yield Fault(where, f"is not signed by the key {known}: who can write here can have made it")


def faults_of(
    data: bytes,
    head: Anchor | None,
    head_name: str,
    anchors: Sequence[Anchor],
    signed: Signed | None = None,
) -> list[Fault]:
    """Everything that is wrong with a trail: in the order of its lines, then missing entries, head, anchors,
    signatures.

    head     what the file `head_name` says, as `disagreement` takes it
    anchors  (sequence, digest) that were noted elsewhere
    signed   what has to be signed; None: signatures are not looked at
    """
    *whole, unfinished = data.split(b"\n")
    if unfinished:
        whole.append(unfinished)
    lines: list[Line] = [(number, line, parsed(line)) for number, line in enumerate(whole, 1)]
    entries = {entry.sequence: entry for _, _, entry in lines if entry}
    last = entries[max(entries)] if entries else None
    faults = list(_line_faults(lines, unfinished=bool(unfinished)))
    faults += [
        Fault(f"after entry {low}", _missing(low + 1, high - 1))
        for low, high in pairwise([0, *sorted(entries)])
        if high > low + 1
    ]
    if what := disagreement(head, last):
        faults.append(Fault(head_name, what))
    faults += _anchor_faults(entries, last, anchors)
    if signed:
        faults += signed.faults([entry for _, _, entry in lines if entry])
    return faults


def disagreement(head: Anchor | None, last: Entry | None) -> str:
    """How the head and the last entry differ, or ''.

    The head is None where it is missing and (-1, "") where it cannot be read. It is written after the entry:
    that it does not know the last one yet is right.
    """
    there, digest, before = (last.sequence, last.digest, last.previous) if last else (0, "", "")
    if head is None:
        return f"is missing, and there are entries up to {there}" if there > 1 else ""
    sequence, named = head
    if sequence < 0:
        return "cannot be read"
    if sequence > there:
        return f"names entry {sequence} as the last: {_missing(there + 1, sequence)} at the end"
    if sequence < there - 1:
        return f"names entry {sequence} as the last, and the trail goes on to entry {there}"
    if (sequence, named) not in ((there, digest), (there - 1, before)):
        return f"names another entry {sequence} than the one that stands there: it was written anew"
    return ""


def _missing(first: int, last: int) -> str:
    return f"entry {first} is missing" if first == last else f"entries {first} to {last} are missing"


def _line_faults(lines: Sequence[Line], *, unfinished: bool) -> Iterator[Fault]:
    set_down = _set_down(lines)
    at: dict[int, int] = {}
    before: Entry | None = None
    for number, _, entry in lines:
        if entry is None:
            if unfinished and number == len(lines):
                yield Fault(f"line {number}", "is not finished; the next entry will set it down as torn")
            elif number not in set_down:
                yield Fault(f"line {number}", "is not an entry, or was changed so that it is none any more")
            continue
        for what in _entry_faults(entry, before, at):
            yield Fault(f"entry {entry.sequence} (line {number})", what)
        if entry.event == TORN and number - 1 not in set_down:
            yield Fault(
                f"entry {entry.sequence} (line {number})", "tells of torn lines that are not above it"
            )
        at.setdefault(entry.sequence, number)
        before = entry


def _entry_faults(entry: Entry, before: Entry | None, at: Mapping[int, int]) -> Iterator[str]:
    """What is wrong with an entry; `before` is the one above it, `at` the lines of all above it."""
    if not entry.sealed():
        yield "was changed: its digest is not that of its text"
    follows, digest = (before.sequence + 1, before.digest) if before else (1, "")
    if entry.sequence in at:
        yield f"stands twice: line {at[entry.sequence]} holds this number too"
    elif before and entry.sequence < max(at):
        yield f"stands after entry {max(at)}: lines were moved"
    elif entry.sequence == follows and entry.previous != digest:
        yield "does not follow the entry above it: one of the two was written anew or put in"
    if entry.event == BROKEN:
        yield f"was set down when the trail was found broken: its head {entry.subject.get('found')}"


def _set_down(lines: Sequence[Line]) -> set[int]:
    """The numbers of the lines that the entry below them tells of as torn, unchanged since."""
    found: set[int] = set()
    for place, (_, _, entry) in enumerate(lines):
        count = entry.subject.get("lines") if entry and entry.event == TORN else None
        if entry and isinstance(count, int) and 0 < count <= place:
            above = lines[place - count : place]
            if sha256(b"\n".join(line for _, line, _ in above)) == entry.subject.get("sha256"):
                found.update(number for number, _, _ in above)
    return found


def _anchor_faults(
    entries: Mapping[int, Entry], last: Entry | None, anchors: Sequence[Anchor]
) -> Iterator[Fault]:
    end = last.sequence if last else 0
    for sequence, digest in sorted(set(anchors)):
        found = entries.get(sequence)
        if sequence > end:
            yield Fault(
                f"entry {sequence}", f"is missing: it was noted elsewhere, and the trail ends at {end}"
            )
        elif found and found.digest != digest:
            yield Fault(f"entry {sequence}", "is not the one that was noted elsewhere: it was written anew")
