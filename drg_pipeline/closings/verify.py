"""Holds a closing against its manifest, byte by byte, and the manifest against what vouches for it elsewhere.

What the bytes mean is not looked at here: that is what a replay computes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from drg_pipeline.closings.contents import sha256_of
from drg_pipeline.closings.manifest import FileEntry, Manifest, read_manifest
from drg_pipeline.closings.record import Record, digest_at
from drg_pipeline.errors import DrgError, Fault
from drg_pipeline.lake.closed import MANIFEST, Closed, ClosedPeriods

# What a manifest is to its closing.
SEAL = "manifest"


@dataclass(frozen=True)
class Change:
    """Something of a closing that is not as it was sealed.

    role   of the file (`closings.manifest`), or `manifest`
    table, partition   what the file holds, where it holds a table's rows
    """

    path: str
    what: str
    role: str
    table: str = ""
    partition: str = ""

    def __str__(self) -> str:
        holds = " ".join(part for part in (self.role, self.table, self.partition) if part)
        return f"{self.path} ({holds}): {self.what}"


def verify(found: Closed, manifest: Manifest, record: Record, expect: str = "") -> list[Change]:
    """Everything that is not as it was sealed: files changed, lost or added, and the manifest itself.

    record  what the trail tells of the closings of the region in whose folder this one lies
    expect  SHA-256 of the manifest, as somebody noted it elsewhere
    """
    return [*_files(found.folder, manifest), *vouched(found, record, expect)]


def check_no_links(folder: Path) -> None:
    """Everything that is read of a closing lies in it."""
    links = [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_symlink()]
    if links:
        raise DrgError(
            f"{folder} is not computed: it holds links.",
            [Fault(link, "is a link, and a closing has none") for link in sorted(links)],
            remedy="Restore it from a copy.",
        )


def _files(folder: Path, manifest: Manifest) -> Iterator[Change]:
    listed = {entry.path: entry for entry in manifest.files}
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()} - {MANIFEST}
    for path, entry in listed.items():
        if path not in found:
            yield _change(entry, "is gone")
        elif why := _changed(folder / path, entry):
            yield _change(entry, why)
    for path in sorted(found - listed.keys()):
        yield Change(path, "was added after the closing", "added")


def _changed(path: Path, entry: FileEntry) -> str:
    if path.is_symlink():
        return "was replaced by a link"
    try:
        if path.stat().st_size != entry.size:
            return f"has {path.stat().st_size:,} bytes, {entry.size:,} were sealed"
        return "" if sha256_of(path) == entry.sha256 else "its bytes were changed (another SHA-256)"
    except OSError as error:
        return f"cannot be read: {error.strerror}"


def _change(entry: FileEntry, what: str) -> Change:
    return Change(entry.path, what, entry.role, entry.table, entry.partition)


def vouched(found: Closed, record: Record, expect: str = "") -> Iterator[Change]:
    """Where the manifest is not what vouches for it elsewhere: the trail, the caller, the next closing, the
    year's; also where the manifest itself cannot be read."""
    for fault in record.of(found.period, found.number):
        yield Change(MANIFEST, fault.what, SEAL)
    digest = digest_at(found.folder)
    for who, noted in _notes(found, record.closed, expect):
        if noted != digest:
            yield Change(MANIFEST, f"is not the one that {who} names (SHA-256 {noted})", SEAL)


def _notes(found: Closed, closed: ClosedPeriods, expect: str) -> Iterator[tuple[str, str]]:
    if expect:
        yield "--expect", expect.lower()
    for period in {found.period, found.period.year}:
        for number in closed.numbers(period):
            try:
                other = read_manifest(closed.place(period, number))
            except DrgError:
                # It is told of where that closing is looked at.
                continue
            if period == found.period and number == found.number + 1:
                yield f"closing {number}", other.previous
            month = other.months.get(found.period)
            if month and month["number"] == found.number:
                yield f"closing {number} of {period}", str(month["manifest"])
