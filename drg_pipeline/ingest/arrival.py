"""When a delivery is complete: the one rule by which the inbox sensor and the command line wait.

Few senders say when the last byte of a delivery has come: who puts checksums into it does, and it is
complete when its files agree with them. Any other counts as complete when nothing in its folder, whatever its
name, has been changed for some time. What is wrong with it is told then, and not while it may still be mended
by itself.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drg_pipeline.ingest.inbox import Delivery, Inbox
from drg_pipeline.ingest.reading import is_current
from drg_pipeline.ingest.scan import hash_file
from drg_pipeline.ingest.sums import SUMS, differences
from drg_pipeline.visible import one_line

LOOKS_SECONDS = 5.0


@dataclass(frozen=True)
class Arriving:
    """A delivery that is not complete: how many seconds it has been quiet for, and how many it has to be."""

    label: str
    since: float
    quiet_seconds: int

    @property
    def left(self) -> float:
        """Seconds until it is complete, if nothing changes any more."""
        return self.quiet_seconds - self.since

    def __str__(self) -> str:
        return (
            f"{one_line(self.label)} was changed {round(self.since)} s ago and is left until it has been "
            f"quiet for {self.quiet_seconds} s"
        )


def arriving(delivery: Delivery, now: float, quiet_seconds: int) -> Arriving | None:
    """Why a delivery is not to be taken in yet; None once it is complete."""
    if not quiet_seconds or delivery.folder is None:
        return None
    since = max(0.0, now - _changed(delivery.folder, now))
    if since >= quiet_seconds or _is_as_sent(delivery):
        return None
    return Arriving(delivery.label, since, quiet_seconds)


def _is_as_sent(delivery: Delivery) -> bool:
    """Whether its checksums say that it is all there."""
    if delivery.sums is None or delivery.faults:
        return False
    files = {path.name: path for path in delivery.files.values()}
    try:
        return not any(differences(delivery.sums, delivery.label, files, hash_file))
    except OSError:
        # It was renamed or removed at this moment.
        return False


def still_arriving(
    inbox: Inbox, landed: Mapping[str, Mapping[str, Any]], now: float, quiet_seconds: int
) -> list[Arriving]:
    """The deliveries of an inbox that are new and not complete."""
    new = (delivery for delivery in inbox.deliveries if delivery.label not in landed)
    return [found for delivery in new if (found := arriving(delivery, now, quiet_seconds))]


def wait_until_complete(
    look: Callable[[float], list[Arriving]],
    longest: float,
    told: Callable[[list[Arriving]], None],
    *,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Arriving]:
    """Wait until no delivery is arriving; returns those that still are after so many seconds.

    look  the deliveries that are arriving at a moment
    told  is given them whenever they are others than before
    """
    began = clock()
    known: list[str] = []
    while found := look(clock()):
        left = began + longest - clock()
        if left <= 0:
            break
        labels = [each.label for each in found]
        if labels != known:
            told(found)
            known = labels
        sleep(max(0.05, min(LOOKS_SECONDS, left, max(each.left for each in found))))
    return found


def state(delivery: Delivery) -> str:
    """A text that differs when its claim files or checksums do, by name, size and time."""
    entries = []
    sums = {SUMS: delivery.sums} if delivery.sums else {}
    for name, path in sorted({**delivery.files, **sums}.items()):
        try:
            found = path.stat()
            entries.append(f"{path.name} {found.st_size} {found.st_mtime_ns}")
        except OSError as error:
            entries.append(f"{name} {error.errno}")
    return hashlib.sha256("\n".join(entries).encode()).hexdigest()[:16]


def is_as_landed(delivery: Delivery, manifest: Mapping[str, Any] | None) -> bool:
    """Whether size and time of its files are those that were taken in, and read as they are read now."""
    if manifest is None or not is_current(manifest):
        return False
    there = {}
    for path in delivery.files.values():
        try:
            found = path.stat()
        except OSError:
            return False
        there[path.name] = (found.st_size, found.st_mtime_ns)
    return there == {entry["file"]: (entry["size"], entry["mtime_ns"]) for entry in manifest["files"]}


def _changed(folder: Path, now: float) -> float:
    """When something in a folder, or the folder, was last changed; seconds since 1970."""
    times = [*_times(folder, now)]
    if folder.is_dir():
        try:
            for entry in folder.iterdir():
                times += _times(entry, now)
        except OSError:
            pass
    return max(times, default=0.0)


def _times(path: Path, now: float) -> Iterable[float]:
    try:
        found = path.stat() if path.exists() else path.lstat()
    except OSError:
        # It was renamed or removed at this moment.
        return (now,)
    # A copy keeps the time at which its file was written, by another clock: one to come says nothing.
    return (found.st_ctime, *((found.st_mtime,) if found.st_mtime <= now else ()))
