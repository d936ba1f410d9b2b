"""What the trail tells of the closings of a region, held against what lies in their folder, both ways.

Which closing a folder is follows from where it lies; a manifest's own word about that is one more thing to be
held against it. What is in a closing is `verify.py`'s, how entries are made `steps.py`'s. Nothing is written.
"""

from __future__ import annotations

import contextlib
import fcntl
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from drg_pipeline.closings.manifest import manifest_digest, read_manifest
from drg_pipeline.errors import DrgError, Fault
from drg_pipeline.lake.closed import MANIFEST, ClosedPeriods, note_digest, number_of, read_json
from drg_pipeline.lake.closed import REOPENED as REOPENED_NOTE
from drg_pipeline.lake.deeds import CLOSED, DEEDS, Place, Told, told_of
from drg_pipeline.periods import Period
from drg_pipeline.trail import Anchor, PublicKey, Trail
from drg_pipeline.trail.check import vouched_until
from drg_pipeline.trail.trail import HEAD, TRAIL

_NOTE = re.compile(REOPENED_NOTE.format(number="(.+)"))
NEXT = "the next drg close or drg reopen sets down what came of it"

LOCK = "closings.lock"


@dataclass(frozen=True)
class Witness:
    """What somebody has who verifies, and whoever writes to the folder has not.

    anchors  of the trail, kept elsewhere
    keys     public halves of the agency's keys
    """

    anchors: Sequence[Anchor] = ()
    keys: Sequence[PublicKey] = ()


@dataclass(frozen=True)
class Difference:
    """Where trail and folder differ; `place` is the closing that it is about, None of neither."""

    place: Place | None
    fault: Fault


class Record:
    """The closings of a region as the trail tells of them, and as they lie there.

    keys  only what one of them has signed, or vouched for, counts; none: every entry does
    """

    def __init__(self, closed: ClosedPeriods, trail: Trail, keys: Sequence[PublicKey] = ()) -> None:
        self.closed, self.trail = closed, trail
        entries = [entry for entry in trail.entries() if entry.sealed()]
        vouched = vouched_until(entries, keys)
        if keys:
            entries = [one for one in entries if one.sequence <= vouched or one.signed_by(keys)]
        self.told, self._odd = told_of(entries, closed.region)

    # -- one closing ---------------------------------------------------------------------------

    def of(self, period: Period, number: int) -> list[Fault]:
        """Everything in which trail and folder differ about one closing."""
        told = self.told.get((period, number), Told())
        folder = self.closed.place(period, number)
        return [*self._of_closing(period, number, folder, told), *self._of_note(period, number, told)]

    def _of_closing(self, period: Period, number: int, folder: Path, told: Told) -> Iterator[Fault]:
        where = f"closing {number} of {period}"
        digest = digest_at(folder)
        if len(told.closed) > 1:
            entries = ", ".join(str(entry.sequence) for entry in told.closed)
            yield Fault(where, f"was closed more than once under this number: entries {entries} of the trail")
        if told.begun:
            yield Fault(where, f"was begun (entry {told.begun.sequence} of the trail) and not ended: {NEXT}")
        if not digest:
            what = "its manifest cannot be read" if (folder / MANIFEST).exists() else "it is not there"
            for entry in told.closed:
                yield Fault(where, f"was closed by entry {entry.sequence} of the trail, and {what}")
            if folder.exists() and not told.vouching:
                yield Fault(where, "is a folder without a manifest, of which no entry of the trail tells")
            return
        if not told.vouching:
            yield Fault(where, "no entry of the trail vouches for it")
        for entry in told.vouching:
            if (noted := entry.subject.get("manifest")) != digest:
                yield Fault(
                    where,
                    f"its manifest is not the one that entry {entry.sequence} of the trail names "
                    f"(SHA-256 {noted})",
                )
        for name in (folder, folder.parent):
            if name.is_symlink():
                yield Fault(where, f"{name.name} is a link to another folder")
        yield from misnamed(self.closed.region, period, number, folder)

    def _of_note(self, period: Period, number: int, told: Told) -> Iterator[Fault]:
        where = f"closing {number} of {period}"
        note = self.closed.note(period, number)
        if told.reopening:
            yield Fault(
                where,
                f"its reopening was begun (entry {told.reopening.sequence} of the trail) and not ended: "
                f"{NEXT}",
            )
        if len(told.reopened) > 1:
            entries = ", ".join(str(entry.sequence) for entry in told.reopened)
            yield Fault(where, f"was reopened more than once: entries {entries} of the trail")
        there = note_digest(note)
        if there and not told.reopened and not told.reopening:
            yield Fault(where, f"{note.name} says that it was reopened, and no entry of the trail does")
        for entry in told.reopened:
            noted = entry.subject.get("note")
            if not there:
                yield Fault(
                    where,
                    f"was reopened by entry {entry.sequence} of the trail, and {note.name} is not there",
                )
            elif noted is not None and noted != there:
                yield Fault(
                    where, f"{note.name} is not the one that entry {entry.sequence} of the trail names"
                )

    # -- all of them ---------------------------------------------------------------------------

    def places(self) -> list[Place]:
        """Every closing that is there, of which the trail tells, or that a note says was reopened."""
        found = set(self.told)
        for period in self._folders():
            paths = self.closed.folder.joinpath(str(period)).iterdir()
            found.update((period, number) for path in paths if (number := _closing_of(path)))
        return sorted(found)

    def next_number(self, period: Period) -> int:
        """The number of the next closing: none was ever used for another."""
        used = [number for one, number in self.places() if one == period and self._used(period, number)]
        return max(used, default=0) + 1

    def previous(self, period: Period, number: int) -> str:
        """The digest of the manifest of the closing before, '' of the first; a lost one's by the trail."""
        before = [one for of, one in self.places() if of == period and one < number and self._used(of, one)]
        if not before:
            return ""
        last = max(before)
        told = self.told.get((period, last), Told()).vouching
        return digest_at(self.closed.place(period, last)) or (
            str(told[-1].subject.get("manifest")) if told else ""
        )

    def _used(self, period: Period, number: int) -> bool:
        told = self.told.get((period, number))
        return bool(told and told.vouching) or self.closed.place(period, number).exists()

    def differences(self) -> list[Difference]:
        """Everything in which they differ: closing by closing, then what belongs to none."""
        found = [Difference(place, fault) for place in self.places() for fault in self.of(*place)]
        return found + [Difference(None, fault) for fault in (*self._odd, *self._strays())]

    def _folders(self) -> list[Period]:
        if not self.closed.folder.is_dir():
            return []
        named = ((path, Period.read(path.name)) for path in self.closed.folder.iterdir())
        return sorted(period for path, period in named if period and path.is_dir())

    def _strays(self) -> Iterator[Fault]:
        """What lies between the closings and is none."""
        folder = self.closed.folder
        if not folder.is_dir():
            return
        own = (TRAIL, HEAD, LOCK)
        for path in sorted(folder.iterdir()):
            if path.name in own or path.name.endswith(".tmp"):
                continue
            if not (Period.read(path.name) and path.is_dir()):
                yield Fault(path.name, "lies among the closings and is none")
                continue
            for inner in sorted(path.iterdir()):
                if not _closing_of(inner) and not inner.name.endswith(".tmp"):
                    yield Fault(f"{path.name}/{inner.name}", "lies among the closings and is none")


def _closing_of(path: Path) -> int:
    """The number of the closing that a folder, or a note beside it, is by its name; 0 of anything else."""
    if path.is_dir():
        return number_of(path.name)
    note = _NOTE.fullmatch(path.name)
    return number_of(note[1]) if note else 0


# -- the whole ---------------------------------------------------------------------------------


def examined(closed: ClosedPeriods, witness: Witness) -> tuple[list[Fault], list[Difference]]:
    """What is wrong with the trail, by itself, by the heads that closings hold, by anchors and keys; and
    where it and the closings differ. While another process sets a closing down, it is waited for."""
    trail = Trail(closed.folder)
    with at_rest(closed.folder):
        record = Record(closed, trail, witness.keys)
        noted = [*_heads(record), *((one.sequence, one.digest) for one in witness.anchors)]
        faults = trail.verify(noted, witness.keys, DEEDS)
        for anchor in witness.anchors:
            if witness.keys and not anchor.signed_by(witness.keys):
                faults.append(Fault(f"anchor of entry {anchor.sequence}", "is not signed by the key"))
        return faults, record.differences()


def anchor_of(trail: Trail) -> Anchor | None:
    """What is to be noted elsewhere of a trail as it is now; None of an empty one."""
    last = trail.last()
    if last is None:
        return None
    closings = sum(entry.event == CLOSED for entry in trail.entries() if entry.sequence <= last.sequence)
    return Anchor.of(trail.folder.name, last, closings, trail.signer)


def _heads(record: Record) -> Iterator[tuple[int, str]]:
    """The heads of the trail that manifests hold, as far as these can be read."""
    for place in record.places():
        try:
            sequence, digest = read_json(record.closed.place(*place) / MANIFEST)["trail"]
            yield int(sequence), str(digest)
        except (DrgError, KeyError, TypeError, ValueError):
            # `Record.of` tells of it.
            continue


@contextlib.contextmanager
def at_rest(folder: Path) -> Iterator[None]:
    """While nobody sets a closing down. Nothing is written; where nobody ever did, nobody is waited for."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):
            file = stack.enter_context(open(folder / LOCK, "rb"))
            fcntl.flock(file, fcntl.LOCK_SH)
        yield


def misnamed(region: str, period: Period, number: int, folder: Path) -> Iterator[Fault]:
    """Where a manifest says of itself that it is another closing than the one of its folder."""
    where = f"closing {number} of {period}"
    try:
        manifest = read_manifest(folder)
    except DrgError as error:
        yield Fault(where, "; ".join(map(str, error.faults)) or error.headline)
        return
    lies: Mapping[str, tuple[object, object]] = {
        "region": (manifest.region, region),
        "period": (str(manifest.period), str(period)),
        "number": (manifest.number, number),
    }
    for name, (said, own) in lies.items():
        if said != own:
            yield Fault(where, f"its manifest says {name} {said!r}, and it lies in the folder of {own!r}")


def digest_at(folder: Path) -> str:
    """SHA-256 of the manifest in a folder, '' where there is none that can be read."""
    try:
        return manifest_digest(folder)
    except OSError:
        return ""
