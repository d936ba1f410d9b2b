"""Finds deliveries in the inbox, and says what in it is none.

Only names and kinds of entries are looked at here; no file is opened.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from drg_pipeline.errors import DrgError, Fault
from drg_pipeline.ingest.layout import Layout
from drg_pipeline.periods import MONTH, Period

FORMATS = ("csv", "parquet")
_DELIVERY = re.compile(r"\w[\w.-]{0,99}")


@dataclass(frozen=True)
class Delivery:
    """A folder of the inbox: its claim files by name, and what is wrong with the folder itself."""

    month: str
    name: str
    files: dict[str, Path]
    faults: tuple[Fault, ...]

    @property
    def label(self) -> str:
        return f"{self.month}/{self.name}"


def find_deliveries(inbox: Path, layout: Layout, report: Callable[[str], None]) -> list[Delivery]:
    """Every delivery folder in sorted order; what belongs to none is reported and left alone."""
    if not inbox.is_dir():
        raise DrgError(
            f"There is no inbox at {inbox}.",
            remedy="Name the folder with --inbox, or create it and put deliveries in.",
        )
    found: list[Delivery] = []
    for month in _entries(inbox):
        if outside := _outside(month, inbox):
            found.append(Delivery(month.name, "", {}, (Fault(month.name, outside),)))
        elif not month.is_dir():
            report(f"{month.name} in the inbox is left alone: a file, where month folders stand")
        elif not Period.read(month.name, MONTH):
            report(f"{month.name} in the inbox is left alone: month folders are named YYYY-MM")
        else:
            found += _month(month, inbox, layout, report)
    return found


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    except OSError as error:
        raise DrgError(
            f"{folder} cannot be read: {error.strerror}.",
            remedy="Give the pipeline's user the right to read it.",
        ) from None


def _outside(entry: Path, inbox: Path) -> str:
    """What to say of a link that is broken or leads to a path outside the inbox."""
    if not entry.is_symlink():
        return ""
    try:
        target = entry.resolve(strict=True)
    except (OSError, RuntimeError):
        return "a link that leads nowhere"
    return (
        ""
        if target.is_relative_to(inbox.resolve())
        else "a link to a path outside the inbox; copy the file instead"
    )


def _month(month: Path, inbox: Path, layout: Layout, report: Callable[[str], None]) -> list[Delivery]:
    found = []
    for folder in _entries(month):
        label = f"{month.name}/{folder.name}"
        if outside := _outside(folder, inbox):
            found.append(Delivery(month.name, folder.name, {}, (Fault(label, outside),)))
        elif not folder.is_dir():
            report(f"{label} in the inbox is left alone: a file, where delivery folders stand")
        elif not _DELIVERY.fullmatch(folder.name):
            what = "a delivery's name has letters, digits, '.', '-' and '_' only, 100 at most: rename it"
            found.append(Delivery(month.name, folder.name, {}, (Fault(label, what),)))
        else:
            found.append(_delivery(month.name, folder, inbox, layout, report))
    return found


def _delivery(
    month: str, folder: Path, inbox: Path, layout: Layout, report: Callable[[str], None]
) -> Delivery:
    label = f"{month}/{folder.name}"
    expected = {f"{file.name}.{kind}": file.name for file in layout.files for kind in FORMATS}
    files: dict[str, Path] = {}
    faults: list[Fault] = []
    misspelt: set[str] = set()
    for entry in _entries(folder):
        where = f"{label}/{entry.name}"
        name = expected.get(entry.name)
        if name is None and entry.name.lower() in expected:
            misspelt.add(expected[entry.name.lower()])
            faults.append(Fault(where, f"file names are in lower case: rename it to {entry.name.lower()}"))
        elif name is None:
            report(f"{where} in the inbox is left alone: no file of a delivery has this name")
        elif outside := _outside(entry, inbox):
            misspelt.add(name)
            faults.append(Fault(where, outside))
        elif not stat.S_ISREG(entry.stat().st_mode):
            misspelt.add(name)
            faults.append(Fault(where, "not a file"))
        elif name in files:
            faults.append(Fault(where, f"{files[name].name} is there as well; a file comes in one format"))
        else:
            files[name] = entry
    faults += [
        Fault(f"{label}/{file.name}.csv", "the file is missing")
        for file in layout.files
        if file.required and file.name not in files and file.name not in misspelt
    ]
    return Delivery(month, folder.name, files, tuple(faults))
