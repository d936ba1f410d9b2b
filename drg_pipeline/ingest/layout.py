"""The layout of the claim files, read from data: which files and columns a delivery has.

Only the reader of the layout file lives here. Column names stand in that file, never in code,
and how a value is typed is in `read.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from drg_pipeline.errors import DrgError, Fault

LAYOUT_FILE = "claim_files.yml"

TYPES: Mapping[str, str] = {
    "text": "VARCHAR",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "whole": "BIGINT",
    "amount": "DECIMAL(18,2)",
}
PERSONAL = ("pseudonym", "mask")


@dataclass(frozen=True)
class Column:
    """One column of a claim file; `personal` is None, `pseudonym` or `mask`."""

    name: str
    type: str
    meaning: str
    required: bool = False
    value_required: bool = False
    personal: str | None = None

    @property
    def duckdb_type(self) -> str:
        return TYPES[self.type]


@dataclass(frozen=True)
class ClaimFile:
    """One file of a delivery and its columns in the layout's order."""

    name: str
    describe: str
    required: bool
    columns: tuple[Column, ...]

    @property
    def has_personal(self) -> bool:
        return any(column.personal for column in self.columns)


@dataclass(frozen=True)
class Layout:
    version: str
    files: tuple[ClaimFile, ...]

    def file(self, name: str) -> ClaimFile:
        return next(file for file in self.files if file.name == name)


class _StrictLoader(yaml.BaseLoader):
    """Scalars stay text, and a key that stands twice is refused instead of overwritten."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                line = key.start_mark.line + 1
                raise yaml.MarkedYAMLError(problem=f"key {key.value!r} stands twice (line {line})")
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def load_layout(path: Path) -> Layout:
    """Reads the layout; everything that is wrong with it is told at once."""
    headline = f"{path.name} is not a layout of claim files."
    remedy = f"Correct {path}."
    try:
        given = yaml.load(path.read_text(encoding="utf-8"), Loader=_StrictLoader)
    except OSError as error:
        raise DrgError(headline, [str(error)], remedy="The layout belongs to the interface folder.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DrgError(headline, [str(error)], remedy=remedy) from None
    faults: list[Fault] = []
    top = _mapping(given, "", faults, needed={"version", "files"})
    files = _mapping(top.get("files"), "files", faults)
    read = tuple(_file(name, body, faults) for name, body in files.items())
    if not files:
        faults.append(Fault("files", "no file is listed"))
    if faults:
        raise DrgError(headline, faults, remedy=remedy)
    return Layout(version=top["version"], files=read)


def _mapping(
    given: Any,
    where: str,
    faults: list[Fault],
    *,
    needed: set[str] | None = None,
    allowed: set[str] | None = None,
) -> dict[str, Any]:
    """The mapping given, after its keys were compared with those known (None: any key)."""
    if not isinstance(given, dict):
        faults.append(Fault(where, "a mapping has to stand here"))
        return {}
    if needed is not None:
        known = needed | (allowed or set())
        faults += [Fault(where, f"unknown key {key!r}") for key in given if key not in known]
        faults += [Fault(where, f"key {key!r} is missing") for key in sorted(needed - given.keys())]
    return given


def _flag(body: dict[str, Any], key: str, where: str, faults: list[Fault]) -> bool:
    value = body.get(key, "false")
    if value not in ("true", "false"):
        faults.append(Fault(where, f"{key} is {value!r}, not true or false"))
    return bool(value == "true")


def _file(name: str, given: Any, faults: list[Fault]) -> ClaimFile:
    where = f"files.{name}"
    body = _mapping(given, where, faults, needed={"describe", "required", "columns"})
    columns = _mapping(body.get("columns"), f"{where}.columns", faults)
    read = tuple(_column(column, entry, f"{where}.{column}", faults) for column, entry in columns.items())
    if not any(column.required for column in read):
        faults.append(Fault(where, "no required column is listed, so that any file would pass for it"))
    return ClaimFile(
        name=name,
        describe=str(body.get("describe", "")),
        required=_flag(body, "required", where, faults),
        columns=read,
    )


def _column(name: str, given: Any, where: str, faults: list[Fault]) -> Column:
    body = _mapping(
        given, where, faults, needed={"type", "meaning"}, allowed={"required", "value_required", "personal"}
    )
    if name != name.strip().lower() or not name.replace("_", "").isalnum():
        faults.append(Fault(where, "a column's name has lower-case letters, digits and _ only"))
    kind = body.get("type", "text")
    if kind not in TYPES:
        faults.append(Fault(where, f"type {kind!r} is not one of {', '.join(TYPES)}"))
    personal = body.get("personal")
    if personal is not None and personal not in PERSONAL:
        faults.append(Fault(where, f"personal {personal!r} is not one of {', '.join(PERSONAL)}"))
    if personal == "pseudonym" and kind != "text":
        faults.append(Fault(where, "only a text column can be replaced by a pseudonym"))
    column = Column(
        name=name,
        type=kind,
        meaning=str(body.get("meaning", "")),
        required=_flag(body, "required", where, faults),
        value_required=_flag(body, "value_required", where, faults),
        personal=personal,
    )
    if column.value_required and not column.required:
        faults.append(Fault(where, "value_required needs required: the column could be missing"))
    return column
