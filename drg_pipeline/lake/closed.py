"""Which months and years of a region are closed, and the refusal that what they seal be computed again.

Reads the folder of closings, `<period>/<number>/`, and the notes beside them that say which were reopened.
What a closing holds, how it is made, set down and proved is not known here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from drg_pipeline.errors import DrgError, Fault
from drg_pipeline.periods import Period
from drg_pipeline.trail.line import this_user

MANIFEST, REOPENED = "manifest.json", "reopened-{number}.json"
_NUMBER = re.compile(r"[1-9][0-9]{0,8}")


@dataclass(frozen=True)
class Closed:
    """One closing of a period, as its manifest's head says.

    reopened   why and when it was opened again; None while it stands
    """

    period: Period
    number: int
    folder: Path
    at: str
    by: str
    reopened: Reopened | None = None

    def __str__(self) -> str:
        return f"{self.period} was closed by {self.by or '?'} on {self.at} (closing {self.number})"

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
        """The closing that binds a period now; None where it is open."""
        last = self.last(period)
        return last if last and not last.reopened else None

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
