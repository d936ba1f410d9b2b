"""What the entries of a region's trail tell of its closings, one by one: begun, closed, reopened, withdrawn.

Only what entries say; what lies in the folder is `closed.py`'s, and the two are held against each other in
`closings/record.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from drg_pipeline.errors import Fault
from drg_pipeline.periods import Period
from drg_pipeline.trail import Entry

CLOSING, CLOSED, REOPENING, REOPENED, WITHDRAWN = "closing", "closed", "reopening", "reopened", "withdrawn"
DEEDS = (CLOSING, CLOSED, REOPENING, REOPENED, WITHDRAWN)

Place = tuple[Period, int]
"""period and number of a closing"""


@dataclass
class Told:
    """What entries tell of one closing.

    begun, reopening  the step that nothing has ended or withdrawn; else None
    closed, reopened  every entry that says so: there is to be one
    """

    begun: Entry | None = None
    closed: list[Entry] = field(default_factory=list)
    reopening: Entry | None = None
    reopened: list[Entry] = field(default_factory=list)

    def take(self, entry: Entry) -> None:
        match entry.event:
            case "closing":
                self.begun = entry
            case "closed":
                self.closed.append(entry)
                self.begun = None
            case "reopening":
                self.reopening = entry
            case "reopened":
                self.reopened.append(entry)
                self.reopening = None
            case "withdrawn" if entry.subject.get("step") == CLOSING:
                self.begun = None
            case "withdrawn":
                self.reopening = None

    @property
    def vouching(self) -> list[Entry]:
        """The entries that name the digest of its manifest."""
        return [*self.closed, *([self.begun] if self.begun else [])]


def told_of(entries: Iterable[Entry], region: str) -> tuple[dict[Place, Told], list[Fault]]:
    """What sealed entries tell of each closing of a region, and those that tell of none."""
    told: dict[Place, Told] = {}
    odd: list[Fault] = []
    for entry in entries:
        if entry.event not in DEEDS:
            continue
        period, number = Period.read(entry.period), entry.subject.get("number")
        where = f"entry {entry.sequence} of the trail"
        if entry.region != region:
            odd.append(Fault(where, f"is of {entry.region}, the folder of {region}"))
        elif period is None or type(number) is not int or number < 1:
            odd.append(Fault(where, f"says {entry.event}, and names no closing"))
        else:
            told.setdefault((period, number), Told()).take(entry)
    return told, odd
