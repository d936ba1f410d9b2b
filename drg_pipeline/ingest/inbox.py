"""Finds deliveries in the inbox, and names whatever in it is none.

Only names and kinds of entries are looked at here; no file is opened. What can hardly be anything but a
delivery, and is not named as one, has a fault as a refused delivery has: a run that went on without it would
look complete. Anything else is an aside. Neither is passed over: only what systems put everywhere is, and
hidden files that are like no claim file.
"""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from drg_pipeline import messages
from drg_pipeline.errors import DrgError, Fault
from drg_pipeline.ingest.inbox_names import (
    is_like_a_month,
    is_packed,
    is_unfinished,
    meant_file,
    meant_month,
)
from drg_pipeline.ingest.layout import Layout
from drg_pipeline.ingest.sums import SUMS
from drg_pipeline.periods import MONTH, Period
from drg_pipeline.visible import one_line

FORMATS = ("csv", "parquet")
_DELIVERY = re.compile(r"\w[\w.-]{0,99}")
# Entries of a folder with another name that are looked at for claim files.
_LOOKED_AT = 1_000
# Beside a claim file, a text of nearly its name is about it; a table of nearly its name is another one.
_PLAIN_TEXT = ("", ".txt", ".dat")
# What file systems and desktops put at the top of a disk or into any folder.
_SYSTEM = {"lost+found", "System Volume Information", "$RECYCLE.BIN", "@eaDir", "Thumbs.db", "desktop.ini"}
_UNFINISHED = "is still being written, or its transfer broke off: let it end, or remove it"


@dataclass(frozen=True)
class Delivery:
    """A folder of the inbox: its claim files by name, and what is wrong with the folder itself.

    folder   where its files are, or will be; None of what waiting will not make a delivery
    sums     its checksums, where the sender gave any
    """

    month: str
    name: str
    files: dict[str, Path]
    faults: tuple[Fault, ...]
    folder: Path | None = None
    sums: Path | None = None

    @property
    def label(self) -> str:
        return f"{self.month}/{self.name}" if self.name else self.month


@dataclass(frozen=True)
class Aside:
    """An entry that belongs to no delivery and need not be a mistake; `why`: `inbox.aside.…`."""

    where: str
    why: str

    def text(self, lang: str) -> str:
        return messages.text(f"inbox.aside.{self.why}", lang, where=one_line(self.where))

    def __str__(self) -> str:
        return self.text("en")


@dataclass
class Inbox:
    """What is in an inbox: deliveries, good ones and faulty ones, in sorted order, and all else."""

    deliveries: list[Delivery] = field(default_factory=list)
    asides: list[Aside] = field(default_factory=list)


def find_deliveries(inbox: Path, layout: Layout) -> Inbox:
    """Everything in the inbox. DrgError where it is not there or a folder of it cannot be read."""
    if not inbox.is_dir():
        raise DrgError(
            f"There is no inbox at {inbox}.",
            remedy="Name the folder with --inbox, or create it and put deliveries in.",
        )
    return _Look(inbox, layout).whole()


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise DrgError(
            f"{folder} cannot be read: {error.strerror}.",
            remedy="Give the pipeline's user the right to read it.",
        ) from None


class _Look:
    """One look at an inbox."""

    def __init__(self, inbox: Path, layout: Layout) -> None:
        self._inbox = inbox
        self._layout = layout
        self._names = [file.name for file in layout.files]
        self._expected = {f"{file.name}.{kind}": file.name for file in layout.files for kind in FORMATS}
        self._found = Inbox()

    def whole(self) -> Inbox:
        for entry in _entries(self._inbox):
            name = entry.name
            if Period.read(name, MONTH) and entry.is_dir() and not self._outside(entry):
                self._month(entry)
            elif wrong := self._outside(entry) or self._misplaced(entry, "YYYY-MM/<delivery>/"):
                self._refuse(name, wrong, _being_written(entry, wrong))
            elif name in _SYSTEM:
                continue
            elif is_like_a_month(name) and (_is_filled(entry) or Period.read(name, MONTH)):
                self._refuse(name, _no_month(entry))
            elif entry.is_dir() and not name.startswith(".") and (held := self._holds(entry)):
                self._refuse(name, f"month folders are named YYYY-MM, and this one holds {held}")
            elif not name.startswith("."):
                self._aside(name, "folder" if entry.is_dir() else "file_in_inbox")
        return self._found

    # -- what is said --------------------------------------------------------------------------

    def _refuse(self, where: str, wrong: str, folder: Path | None = None) -> None:
        month, _, name = where.partition("/")
        self._found.deliveries.append(Delivery(month, name, {}, (Fault(one_line(where), wrong),), folder))

    def _aside(self, where: str, why: str) -> None:
        self._found.asides.append(Aside(where, why))

    def _outside(self, entry: Path) -> str:
        """What to say of a link that is broken or leads to a path outside the inbox."""
        if entry.name.startswith(".") or not entry.is_symlink():
            return ""
        try:
            target = entry.resolve(strict=True)
        except (OSError, RuntimeError):
            return "a link that leads nowhere"
        return (
            ""
            if target.is_relative_to(self._inbox.resolve())
            else "a link to a path outside the inbox; copy the file instead"
        )

    def _misplaced(self, entry: Path, place: str) -> str:
        """What to say of a delivery's file, as far as names tell, that stands where no file belongs."""
        if is_unfinished(entry.name, self._names):
            return _UNFINISHED
        if entry.is_dir() or entry.name.startswith("."):
            return ""
        if is_packed(entry.name):
            return f"is packed: unpack it into {place}"
        if meant := meant_file(entry.name, self._names):
            return f"claim files stand in {place}: was {meant} of a delivery meant?"
        return ""

    def _holds(self, folder: Path) -> str:
        """The first claim file in a folder or in one of its folders, or what is like one; '' without any."""
        try:
            here = list(islice(folder.iterdir(), _LOOKED_AT))
            below = [path for each in here if each.is_dir() for path in islice(each.iterdir(), _LOOKED_AT)]
        except OSError:
            return ""
        near = (path for path in sorted([*here, *below]) if meant_file(path.name, self._names))
        return next((str(path.relative_to(folder)) for path in near if path.is_file()), "")

    # -- a month -------------------------------------------------------------------------------

    def _month(self, month: Path) -> None:
        for entry in _entries(month):
            label = f"{month.name}/{entry.name}"
            if outside := self._outside(entry):
                self._refuse(label, outside)
            elif entry.is_dir() and is_unfinished(entry.name):
                self._refuse(label, _UNFINISHED, entry)
            elif wrong := self._misplaced(entry, f"{month.name}/<delivery>/"):
                self._refuse(label, wrong, _being_written(entry, wrong))
            elif entry.name.startswith(".") or entry.name in _SYSTEM:
                continue
            elif not entry.is_dir():
                self._aside(label, "file_in_month")
            elif not _DELIVERY.fullmatch(entry.name):
                what = "a delivery's name has letters, digits, '.', '-' and '_' only, 100 at most: rename it"
                self._refuse(label, what)
            else:
                self._found.deliveries.append(self._delivery(month.name, entry))

    def _delivery(self, month: str, folder: Path) -> Delivery:
        label = f"{month}/{folder.name}"
        files: dict[str, Path] = {}
        faults: list[Fault] = []
        # Files that are there under another name: that they are missing is not said as well.
        near: set[str] = set()
        others: list[Path] = []
        sums: Path | None = None
        for entry in _entries(folder):
            if entry.name == SUMS and not self._outside(entry) and not _no_file(entry):
                sums = entry
                continue
            name = self._expected.get(entry.name)
            if name is None:
                others.append(entry)
                continue
            wrong = self._outside(entry) or _no_file(entry)
            if not wrong and name in files:
                wrong = f"{files[name].name} is there as well; a file comes in one format"
            if wrong:
                near.add(name)
                faults.append(Fault(f"{label}/{entry.name}", wrong))
            else:
                files[name] = entry
        for entry in others:
            wrong, name = self._other(entry, files)
            near.add(name)
            if wrong:
                faults.append(Fault(one_line(f"{label}/{entry.name}"), wrong))
            elif not entry.name.startswith(".") and entry.name not in _SYSTEM:
                self._aside(f"{label}/{entry.name}", "no_claim_file")
        faults += [
            Fault(f"{label}/{file.name}.csv", "the file is missing")
            for file in self._layout.files
            if file.required and file.name not in files and file.name not in near
        ]
        return Delivery(month, folder.name, files, tuple(faults), folder, sums)

    def _other(self, entry: Path, files: dict[str, Path]) -> tuple[str, str]:
        """What is wrong with an entry of a delivery that is not named as a file of it, and which is near."""
        if is_unfinished(entry.name, self._names):
            return _UNFINISHED, next((name for name in self._names if name in entry.name.casefold()), "")
        if entry.name.startswith("."):
            return "", ""
        if is_packed(entry.name):
            return "is packed: unpack it here", ""
        meant = self._expected.get(entry.name.lower(), "")
        if meant:
            return f"file names are in lower case: rename it to {entry.name.lower()}", meant
        near = meant_file(entry.name, self._names)
        name = self._expected.get(near, "")
        if not name or entry.is_dir():
            return "", ""
        ending = near.rpartition(".")[2]
        if name in files and entry.suffix.lower().strip() in _PLAIN_TEXT:
            return "", ""
        if name in files:
            return f"is like {files[name].name}, which is there as well: keep one, under that name", name
        if not entry.name.lower().rstrip().endswith(f".{ending}"):
            return f"claim files are CSV or Parquet: was {near} meant? Export it as such", name
        return f"no file of a delivery has this name: was {near} meant?", name


def _being_written(entry: Path, wrong: str) -> Path | None:
    """The entry, where it may still become what it is to be: its changes are waited for."""
    return entry if wrong == _UNFINISHED else None


def _is_filled(entry: Path) -> bool:
    """Whether it is a folder with something in it: an empty one keeps nothing from anybody yet."""
    return entry.is_dir() and any(_entries(entry))


def _no_month(entry: Path) -> str:
    """What to say of a folder, or a file, that reads like a month and is no month folder."""
    if not entry.is_dir():
        return "a file, where a month folder stands"
    meant = meant_month(entry.name)
    if not meant:
        return "month folders are named YYYY-MM, and no month is named so"
    return f"month folders are named YYYY-MM: was {meant} meant?"


def _no_file(entry: Path) -> str:
    try:
        return "" if stat.S_ISREG(entry.stat().st_mode) else "not a file"
    except OSError as error:
        return f"cannot be looked at: {error.strerror}"
