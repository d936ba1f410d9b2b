"""A closing and a reopening count in three steps: an entry that says what is meant, the files in place, an
entry that says it is done. Whoever is killed in between leaves what the next one here finishes or withdraws.

One process at a time takes these steps in a region's folder of closings. What the entries mean to whoever
verifies stands in `record.py`.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drg_pipeline.closings.record import LOCK, Record, digest_at
from drg_pipeline.lake.closed import ClosedPeriods, note_digest
from drg_pipeline.lake.deeds import CLOSED, CLOSING, REOPENED, REOPENING, WITHDRAWN, Told
from drg_pipeline.periods import Period
from drg_pipeline.trail import Entry, Trail

_ENDS = {CLOSING: CLOSED, REOPENING: REOPENED}


@dataclass(frozen=True)
class Ended:
    """A step that somebody had begun: finished or withdrawn, which `event` says, by another one."""

    event: str
    period: Period
    number: int
    step: str


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """The only process that sets down closings and reopenings of a region; others wait."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / LOCK, "ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def set_down(
    trail: Trail, step: str, period: Period, subject: Mapping[str, Any], reason: str = ""
) -> Iterator[None]:
    """The entry before and the entry after what the block puts in place; only where it is `alone`."""
    region = trail.folder.name
    begun = trail.append(step, region=region, period=str(period), subject=subject, reason=reason)
    yield
    done = {**subject, "begun": begun.sequence}
    trail.append(_ENDS[step], region=region, period=str(period), subject=done, reason=reason)


def end_what_was_begun(closed: ClosedPeriods, trail: Trail) -> list[Ended]:
    """Finish what lies in place as its entry says, withdraw what does not, and set that down.

    Where the trail is signed, what was begun without the key is withdrawn and not made good.
    """
    if not closed.folder.is_dir():
        return []
    with alone(closed.folder):
        return end_alone(closed, trail)


def end_alone(closed: ClosedPeriods, trail: Trail) -> list[Ended]:
    """What `end_what_was_begun` does, for whoever is `alone` already."""
    record = Record(closed, trail)
    done: list[Ended] = []
    for (period, number), told in sorted(record.told.items()):
        for begun, there in _begun(closed, period, number, told):
            event = _ENDS[begun.event] if there and _is_ours(begun, trail) else WITHDRAWN
            subject = {**begun.subject, "step": begun.event, "begun": begun.sequence, "found": there}
            if event == WITHDRAWN and begun.event == CLOSING:
                _remove_aside(closed.place(period, number), begun)
            trail.append(
                event, region=closed.region, period=str(period), subject=subject, reason=begun.reason
            )
            done.append(Ended(event, period, number, begun.event))
    return done


def _begun(closed: ClosedPeriods, period: Period, number: int, told: Told) -> Iterator[tuple[Entry, bool]]:
    """The steps that nothing has ended, and whether what they say lies in place."""
    if told.begun:
        there = digest_at(closed.place(period, number))
        yield told.begun, bool(there) and there == told.begun.subject.get("manifest")
    if told.reopening:
        there = note_digest(closed.note(period, number))
        yield told.reopening, bool(there) and there == told.reopening.subject.get("note")


def _is_ours(begun: Entry, trail: Trail) -> bool:
    return not trail.keys or begun.signed_by(trail.keys)


def _remove_aside(target: Path, begun: Entry) -> None:
    """Remove what was built for a closing that is withdrawn, so far as it has no name yet."""
    aside = aside_of(target, begun.process.get("pid"))
    open_again(aside)
    shutil.rmtree(aside, ignore_errors=True)


def aside_of(target: Path, pid: object) -> Path:
    """Where a process builds a closing."""
    return target.with_name(f"{target.name}.{pid if type(pid) is int else 0}.tmp")


def open_again(folder: Path) -> None:
    """Let what was made read-only be removed."""
    for place, _, _ in os.walk(folder):
        os.chmod(place, 0o700)
