"""What a closing is made of: its manifest, the roles of its files, and the tables it seals or rests on.

Only the form stands here; `seal.py` writes it, `verify.py` and `replay.py` hold it against what is there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from drg_pipeline.closings import older
from drg_pipeline.errors import DrgError
from drg_pipeline.forms import Column
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


@dataclass(frozen=True)
class FileEntry:
    """One file of a closing: where it lies in it, what it is, and its bytes.

    table, partition  what it holds; of delivered rows the delivery
    """

    path: str
    role: str
    size: int
    sha256: str
    table: str = ""
    partition: str = ""


@dataclass(frozen=True)
class TableEntry:
    """One partition that is sealed or that the sealed ones rest on.

    digest, code, inputs, rows  as the lake recorded them (`lake.store.Footer`)
    file                        its place in the closing; '' of a step
    grain                       the columns that name its rows
    """

    table: str
    partition: Period
    role: str
    digest: str
    code: str
    inputs: Mapping[str, str]
    rows: int
    file: str = ""
    grain: Sequence[str] = ()

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

    region: str
    period: Period
    number: int
    previous: str
    closed_at: str
    closed_by: str
    reason: str
    early: bool
    known_on: str
    versions: Mapping[str, str]
    key_fingerprints: Sequence[str]
    trail: Sequence[Any]
    months: Mapping[Period, Mapping[str, Any]]
    schemes: Mapping[str, str]
    personal: Sequence[str]
    deliveries: Sequence[Mapping[str, Any]]
    plan: Mapping[str, Sequence[Period]]
    tables: Sequence[TableEntry]
    files: Sequence[FileEntry] = field(default=())
    format: int = FORMAT
    digests: int = 1
    methods: Mapping[str, Sequence[str]] | None = None

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
    """DrgError where it cannot be read as one of this form."""
    raw = read_json(folder / MANIFEST)
    try:
        if raw["format"] not in READABLE:
            raise ValueError(
                f"its form is {raw['format']}, this program reads {', '.join(map(str, READABLE))}"
            )
        del raw["kind"]
        files = [FileEntry(**entry) for entry in raw["files"]]
        tables = [TableEntry(**entry | {"partition": _period(entry["partition"])}) for entry in raw["tables"]]
        found = Manifest(
            **raw
            | {
                "period": _period(raw["period"]),
                "months": {_period(month): of for month, of in raw["months"].items()},
                "plan": {
                    table: [_period(text) for text in texts or [""]] for table, texts in raw["plan"].items()
                },
                "files": files,
                "tables": tables,
            }
        )
        for path in (*(e.path for e in files), *(e.file for e in tables), *found.landed().values()):
            if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
                raise ValueError(f"it names {path}, outside the closing")
        return found
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DrgError(
            f"{folder / MANIFEST} is no manifest of a closing: {error}.",
            state="Nothing was changed.",
            remedy="Restore it from a copy.",
        ) from None


def _period(text: str) -> Period:
    period = Period.read(text, MONTH, YEAR, NONE)
    if period is None:
        raise ValueError(f"{text!r} is no period")
    return period


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


def read_sources(path: Path) -> list[Source]:
    """What `write_sources` wrote; DrgError where it cannot be read."""
    try:
        return [
            Source(
                each["name"],
                each["partition"],
                {name: Column(kind, "", "") for name, kind in each["columns"].items()},
                "",
                grain=tuple(each["grain"]),
            )
            for each in json.loads(path.read_bytes())
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DrgError(f"{path} cannot be read: {error}.", remedy="Restore it from a copy.") from None
