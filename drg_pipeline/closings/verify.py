"""Holds a closing against its manifest, byte by byte, and the manifest against what vouches for it elsewhere.

What the bytes mean is not looked at here: that is what a replay computes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from drg_pipeline.closings.contents import sha256_of
from drg_pipeline.closings.manifest import FileEntry, Manifest, manifest_digest, read_manifest
from drg_pipeline.errors import DrgError
from drg_pipeline.lake.closed import MANIFEST, ClosedPeriods
from drg_pipeline.trail import Trail

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


def verify(folder: Path, manifest: Manifest, closed: ClosedPeriods, expect: str = "") -> list[Change]:
    """Everything that is not as it was sealed: files changed, lost or added, and the manifest itself.

    expect  SHA-256 of the manifest, as somebody noted it elsewhere
    """
    return [*_files(folder, manifest), *_vouched(folder, manifest, closed, expect)]


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


def _vouched(folder: Path, manifest: Manifest, closed: ClosedPeriods, expect: str) -> Iterator[Change]:
    """Where the manifest's own digest was noted: by the caller, the trail, the next closing, the year's."""
    digest = manifest_digest(folder)
    for who, noted in _notes(manifest, closed, expect):
        if noted != digest:
            yield Change(MANIFEST, f"is not the one that {who} names (SHA-256 {noted})", SEAL)


def _notes(manifest: Manifest, closed: ClosedPeriods, expect: str) -> Iterator[tuple[str, str]]:
    if expect:
        yield "--expect", expect.lower()
    for entry in Trail(closed.folder).entries():
        same = (entry.region, entry.period) == (manifest.region, str(manifest.period))
        if entry.event == "closed" and same and entry.subject.get("number") == manifest.number:
            yield f"entry {entry.sequence} of the trail", str(entry.subject.get("manifest"))
    for period in {manifest.period, manifest.period.year}:
        for number in closed.numbers(period):
            try:
                other = read_manifest(closed.folder / str(period) / str(number))
            except DrgError:
                # It is told of where that closing is looked at.
                continue
            if period == manifest.period and number == manifest.number + 1:
                yield f"closing {number}", other.previous
            month = other.months.get(manifest.period)
            if month and month["number"] == manifest.number:
                yield f"closing {number} of {period}", str(month["manifest"])
