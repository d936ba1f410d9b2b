"""Which months and years of a region are closed, and the refusal that what they seal be computed again.

Reads the folder of closings, `<period>/<number>/`, the notes beside them that say which were reopened, and
the trail: whoever takes a closing away, or puts a note in, opens nothing by it. What a closing holds, how it
is made, set down and proved is not known here.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from drg_pipeline.errors import DrgError, Fault
from drg_pipeline.lake.deeds import Place, Told, told_of
from drg_pipeline.periods import Period
from drg_pipeline.trail import Trail
from drg_pipeline.trail.line import this_user

MANIFEST, REOPENED = "manifest.json", "reopened-{number}.json"
_NUMBER = re.compile(r"[1-9][0-9]{0,8}")


@dataclass(frozen=True)
class Closed:
    """One closing of a period, as its manifest's head says.

    reopened  why and when it was opened again; None while it stands
    against   how the folder contradicts the trail, by which alone it stands; else ''
    """

    period: Period
    number: int
    folder: Path
    at: str
    by: str
    reopened: Reopened | None = None
    against: str = ""

    def __str__(self) -> str:
        told = f"{self.period} was closed by {self.by or '?'} on {self.at} (closing {self.number})"
        return f"{told}; {self.against}" if self.against else told

    @property
    def reopen(self) -> str:
        """The command that opens it again."""
        return f"drg reopen --{self.period.kind} {self.period} --reason …"


@dataclass(frozen=True)
class Reopened:
    """What the note beside a closing says, which itself stays as it is: it no longer binds its period."""

    number: int
    at: str
    by: str
    reason: str

    @classmethod
    def now(cls, number: int, reason: str) -> Reopened:
        return cls(number, now(), str(this_user()["name"]), reason)

    def bytes(self) -> bytes:
        return (json.dumps(asdict(self), ensure_ascii=False, indent=1) + "\n").encode("utf-8", "replace")


class ClosedPeriods:
    """The closings of one region, which is named as their folder is; every question looks there anew."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._trail = Trail(folder)
        self._read: tuple[tuple[int, ...], dict[Place, Told]] = ((), {})

    @property
    def region(self) -> str:
        return self.folder.name

    def place(self, period: Period, number: int) -> Path:
        """The folder of a closing, whether it is there or not."""
        return self.folder / str(period) / str(number)

    def note(self, period: Period, number: int) -> Path:
        """The note that a closing was reopened, whether it is there or not."""
        return self.folder / str(period) / REOPENED.format(number=number)

    def periods(self) -> list[Period]:
        """Every month and year that was ever closed, in order, a year behind its months."""
        if not self.folder.is_dir():
            return []
        named = (Period.read(path.name) for path in self.folder.iterdir())
        return sorted(period for period in named if period and self.numbers(period))

    def numbers(self, period: Period) -> list[int]:
        """The numbers of a period's closings, in order."""
        there = (self.folder / str(period)).glob(f"*/{MANIFEST}")
        return sorted(number for path in there if (number := number_of(path.parent.name)))

    def closing(self, period: Period, number: int) -> Closed:
        """DrgError where its manifest cannot be read."""
        folder = self.place(period, number)
        head = read_json(folder / MANIFEST)
        return Closed(
            period,
            number,
            folder,
            str(head.get("closed_at", "?")),
            str(head.get("closed_by", "")),
            self._reopened(period, number),
        )

    def last(self, period: Period) -> Closed | None:
        """The last closing of a period, whether it stands or not."""
        numbers = self.numbers(period)
        return self.closing(period, numbers[-1]) if numbers else None

    def standing(self, period: Period) -> Closed | None:
        """The closing that binds a period now, by folder or trail; None where both say it is open."""
        last = self.last(period)
        by_trail = self._by_trail(period)
        if by_trail and (last is None or last.reopened or last.number < by_trail.number):
            return by_trail
        return last if last and not last.reopened else None

    def _by_trail(self, period: Period) -> Closed | None:
        """The last closing that the trail tells of, where no reopening of it that it tells of is in place."""
        closed = {
            number: told for (one, number), told in self._told().items() if one == period and told.closed
        }
        if not closed:
            return None
        number = max(closed)
        told, note = closed[number], self.note(period, number)
        if told.reopened or (told.reopening and told.reopening.subject.get("note") == note_digest(note)):
            return None
        entry, where = told.closed[-1], f"entry {told.closed[-1].sequence} of the trail says so"
        if number in self.numbers(period):
            against = f"{where}, and no entry says that it was reopened, as {note.name} does"
            return replace(self.closing(period, number), reopened=None, against=against)
        by, against = str(entry.user.get("name", "")), f"{where}, and its closing is gone"
        return Closed(period, number, self.place(period, number), entry.time, by, against=against)

    def _told(self) -> dict[Place, Told]:
        """What the trail tells, read again when it has changed: it is asked of each period of a run."""
        try:
            found = self._trail.file.stat()
        except FileNotFoundError:
            return {}
        state = (found.st_ino, found.st_size, found.st_mtime_ns)
        if state != self._read[0]:
            entries = (entry for entry in self._trail.entries() if entry.sealed())
            self._read = (state, told_of(entries, self.region)[0])
        return self._read[1]

    def _reopened(self, period: Period, number: int) -> Reopened | None:
        path = self.note(period, number)
        if not path.is_file():
            return None
        found = read_json(path)
        return Reopened(
            number, str(found.get("at", "?")), str(found.get("by", "")), str(found.get("reason", ""))
        )

    def refuse(self, table: str, periods: Collection[Period]) -> None:
        """DrgError where one of the periods is closed: what it seals stands as it is."""
        closed = [found for period in periods if (found := self.standing(period))]
        if closed:
            raise refusal(f"{table} is sealed and was not computed", closed)


def refusal(what: str, closed: Collection[Closed]) -> DrgError:
    """The error for closed periods, with the way out."""
    first = next(iter(closed))
    periods = ", ".join(str(each.period) for each in closed)
    return DrgError(
        f"{what}: {periods} {'is' if len(closed) == 1 else 'are'} closed.",
        [Fault("", str(each)) for each in closed],
        state="What is sealed stands as it was.",
        remedy=f"What arrives after a closing enters the year's clearing. To settle again, give the reason: "
        f"{first.reopen}; then run and close it again.",
    )


def number_of(name: str) -> int:
    """The number that a folder's name is, written as the program writes it; 0 where it is none."""
    return int(name) if _NUMBER.fullmatch(name) else 0


def note_digest(note: Path) -> str:
    """SHA-256 of the note that a closing was reopened, '' where there is none that can be read."""
    try:
        return hashlib.sha256(note.read_bytes()).hexdigest()
    except OSError:
        return ""


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def read_json(path: Path) -> dict[str, Any]:
    """A file of a closing; DrgError, naming it, where it is no JSON object."""
    try:
        found = json.loads(path.read_bytes())
        if not isinstance(found, dict):
            raise ValueError("it is not a JSON object")
    except (OSError, ValueError, RecursionError) as error:
        raise DrgError(
            f"{path} cannot be read: {error}.",
            state="Nothing was changed.",
            remedy="Restore it from a copy; a period whose closing cannot be read stays closed.",
        ) from None
    return found
