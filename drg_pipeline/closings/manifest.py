"""What a closing is made of: its manifest, the roles of its files, and the tables it seals or rests on.

Only the form stands here; `seal.py` writes it, `verify.py` and `replay.py` hold it against what is there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from drg_pipeline.closings import kinds, older
from drg_pipeline.errors import DrgError
from drg_pipeline.forms import Column, Place, fill, listed, named, one_of, shown
from drg_pipeline.lake.closed import MANIFEST, read_json
from drg_pipeline.periods import MONTH, NONE, WHOLE, YEAR, Period
from drg_pipeline.sql.project import Source

FORMAT = 2
READABLE = (older.FORMAT, FORMAT)
LAKE, LANDED, MODELS, LAW, INTERFACE, REPORT = "lake", "landing", "models", "law", "interface", "difference"
SOURCES = "sources.json"

# What a file is to a closing.
OUTPUT, TAKEN, CODE, TEXT = "output", "taken", "code", "text"
DATA, POLICY, SCHEME_TABLE, CALENDAR_TABLE, REFERENCE_TABLE = (
    "data",
    "policy",
    "scheme",
    "calendar",
    "reference",
)
# What is computed again and was not kept.
STEP = "step"
ROLES = (OUTPUT, TAKEN, POLICY, SCHEME_TABLE, CALENDAR_TABLE, REFERENCE_TABLE, STEP)


@dataclass(frozen=True)
class FileEntry:
    """One file of a closing: where it lies in it, what it is, and its bytes.

    table, partition  what it holds; of delivered rows the delivery
    """

    path: kinds.Path
    role: kinds.Words
    size: kinds.Whole
    sha256: kinds.Digest
    table: Annotated[str, kinds.table_or_none] = ""
    partition: kinds.Words = ""


@dataclass(frozen=True)
class TableEntry:
    """One partition that is sealed or that the sealed ones rest on.

    digest, code, inputs, rows  as the lake recorded them (`lake.store.Footer`)
    file                        its place in the closing; '' of a step
    grain                       the columns that name its rows
    """

    table: kinds.Table
    partition: kinds.OnePeriod
    role: Annotated[str, one_of(ROLES)]
    digest: kinds.Words
    code: kinds.Words
    inputs: kinds.ByName
    rows: kinds.Whole
    file: Annotated[str, kinds.words] = ""
    grain: kinds.Texts = ()

    def check(self, place: Place) -> None:
        kinds.check_place(place, self.file, self.table, self.partition, LAKE)
        if self.role and (self.role == STEP) != (self.file == ""):
            place.at("file").fault("is there of all but a step, which is computed again")

    @property
    def place(self) -> str:
        """The place of its file in a lake."""
        return self.file.removeprefix(f"{LAKE}/")


@dataclass(frozen=True)
class Manifest:
    """The head of a closing and all that is in it.

    previous    SHA-256 of the manifest of the closing before, '' of the first
    months      of a year: month -> number and SHA-256 of the manifest that it rests on
    trail       sequence and digest of the region's trail when it was closed
    plan        table -> the partitions that a replay computes
    deliveries  each with its digest and the SHA-256 of the raw files
    personal    columns that are never shown
    digests     which digests of tables they are (`lake.digest.KIND`)
    methods     choice -> the methods that the region followed; None where nothing was chosen by name
    """

    region: kinds.Words
    period: kinds.OnePeriod
    number: kinds.Whole
    previous: Annotated[str, kinds.digest_or_none]
    closed_at: kinds.Words
    closed_by: kinds.Words
    reason: kinds.Words
    early: kinds.Truth
    known_on: kinds.Words
    versions: kinds.ByName
    key_fingerprints: kinds.Texts
    trail: Annotated[Sequence[Any], kinds.head]
    months: Annotated[Mapping[Period, Mapping[str, Any]], named(kinds.month_taken, kinds.period, empty=True)]
    schemes: kinds.ByName
    personal: kinds.Texts
    deliveries: Annotated[Sequence[Mapping[str, Any]], listed(kinds.delivery, empty=True)]
    plan: Annotated[Mapping[str, Sequence[Period]], named(kinds.periods, kinds.table)]
    tables: Annotated[Sequence[TableEntry], listed(partial(fill, TableEntry))]
    files: Annotated[Sequence[FileEntry], listed(partial(fill, FileEntry))] = field(default=())
    format: kinds.Whole = FORMAT
    digests: kinds.Whole = 1
    methods: Annotated[Mapping[str, Sequence[str]] | None, kinds.methods] = None

    def bytes(self) -> bytes:
        told = vars(self) | {
            "period": str(self.period),
            "kind": self.period.kind,
            "months": {str(month): found for month, found in self.months.items()},
            "plan": {
                table: [str(period) for period in periods if period != WHOLE]
                for table, periods in self.plan.items()
            },
            "tables": [vars(entry) | {"partition": str(entry.partition)} for entry in self.tables],
            "files": [vars(entry) for entry in self.files],
        }
        return (json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()

    @property
    def outputs(self) -> list[TableEntry]:
        return [entry for entry in self.tables if entry.role == OUTPUT]

    def landed(self) -> dict[str, str]:
        """delivery -> the folder of its rows in the closing"""
        return {str(each["delivery"]): f"{LANDED}/{each['digest']}" for each in self.deliveries}


def manifest_digest(folder: Path) -> str:
    """SHA-256 of a closing's manifest, which vouches for all else in it."""
    return hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()


def read_manifest(folder: Path) -> Manifest:
    """DrgError, with every key that is at fault, where it cannot be read as one of this form."""
    raw = read_json(folder / MANIFEST)
    place = Place(MANIFEST)
    kind = raw.pop("kind", None)
    found = fill(Manifest, place, raw)
    if "format" not in raw:
        place.at("format").fault("missing key: add it")
    elif found.format not in READABLE:
        known = ", ".join(map(str, READABLE))
        # Of another form nothing else can be said.
        place = Place(MANIFEST)
        place.at("format").fault(f"its form is {shown(raw['format'])}, this program reads {known}")
    elif kind != found.period.kind:
        place.at("kind").fault(f"{shown(kind)} is not the kind of the period {found.period}")
    if place.faults:
        raise DrgError(
            f"{folder / MANIFEST} cannot be read as the manifest of a closing.",
            place.faults,
            state="Nothing was changed.",
            remedy="Restore it from a copy; a period whose closing cannot be read stays closed.",
        )
    return replace(found, deliveries=list(found.deliveries), files=list(found.files))


def write_sources(path: Path, sources: Iterable[Source]) -> None:
    """The tables that no model computes, so that the models can be read without the region's law."""
    content = [
        {
            "name": source.name,
            "partition": source.partition,
            "grain": list(source.grain),
            "columns": {name: column.type for name, column in source.columns.items()},
        }
        for source in sources
    ]
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


@dataclass(frozen=True)
class _SourceEntry:
    """One table of `sources.json`."""

    name: kinds.Table
    partition: Annotated[str, one_of((MONTH, YEAR, NONE, "delivery"))]
    grain: kinds.Texts
    columns: Annotated[Mapping[str, str], named(kinds.column_type, kinds.words)]


def read_sources(path: Path) -> list[Source]:
    """What `write_sources` wrote; DrgError, with every fault, where it cannot be read."""
    place = Place(path.name)
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        place.fault(f"cannot be read: {error}")
        content = []
    else:
        content = listed(partial(fill, _SourceEntry), empty=True)(place, content)
    place.refuse(f"{path} cannot be read.", "Restore it from a copy.")
    return [
        Source(
            each.name,
            each.partition,
            {name: Column(kind, "", "") for name, kind in each.columns.items()},
            "",
            grain=tuple(each.grain),
        )
        for each in content
    ]
