"""The layout of the reference files, read from data: files, columns, keys and row rules.

Only the reader of the layout file lives here. File and column names stand in that file, never in
code; how a cell is typed and a rule is judged is in `reference_cells.py` and `reference.py`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from drg_pipeline.errors import DrgError
from drg_pipeline.forms import Place, read_yaml

LAYOUT_FILE = "reference_files.yml"

_PLAIN_TYPES = {
    "text": "VARCHAR",
    "date": "DATE",
    "month": "VARCHAR",
    "whole": "BIGINT",
    "boolean01": "BOOLEAN",
}
_DECIMAL = re.compile(r"decimal\((\d+), ?(\d+)\)")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
FROM, TO = "valid_from", "valid_to"


@dataclass(frozen=True)
class Column:
    """One column; `kind` is text, date, month, whole, boolean01 or decimal (then with a scale)."""

    name: str
    kind: str
    meaning: str
    required: bool = False
    domain: tuple[str, ...] = ()
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    precision: int = 18
    scale: int = 0

    @property
    def duckdb_type(self) -> str:
        return (
            f"DECIMAL({self.precision},{self.scale})" if self.kind == "decimal" else _PLAIN_TYPES[self.kind]
        )


@dataclass(frozen=True)
class Rule:
    """What the columns of one row have to fulfil together; `total` and `less` belong to adds_up."""

    kind: str
    columns: tuple[str, ...]
    total: str = ""
    less: str = ""


@dataclass(frozen=True)
class ReferenceFile:
    """One file, its columns in the layout's order (validity dates last) and its key."""

    name: str
    describe: str
    required: bool
    validity: bool
    key: tuple[str, ...]
    repeats: tuple[str, ...]
    columns: tuple[Column, ...]
    rules: tuple[Rule, ...]

    @property
    def file_name(self) -> str:
        return f"{self.name}.csv"

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)


@dataclass(frozen=True)
class ReferenceLayout:
    version: str
    files: tuple[ReferenceFile, ...]

    def file(self, name: str) -> ReferenceFile:
        return next(file for file in self.files if file.name == name)


def load_reference_layout(path: Path) -> ReferenceLayout:
    """Reads the layout; everything that is wrong with it is told at once."""
    place = Place(path.name)
    top = place.mapping(read_yaml(path, place), ("version", "files")) if not place.faults else {}
    files: list[ReferenceFile] = []
    if not place.faults:
        below = place.at("files")
        files = [
            _file(name, body, below.at(name)) for name, body in below.named(top["files"], "files").items()
        ]
    if place.faults:
        raise DrgError(
            f"{path.name} is not a layout of reference files.", place.faults, remedy=f"Correct {path}."
        )
    return ReferenceLayout(version=str(top["version"]), files=tuple(files))


def _file(name: str, given: object, place: Place) -> ReferenceFile:
    body = place.mapping(given, ("describe", "key", "columns"), ("required", "validity", "repeats", "rules"))
    _name(name, place)
    entries = place.at("columns").named(body.get("columns"), "columns")
    columns = [_column(column, entry, place.at("columns").at(column)) for column, entry in entries.items()]
    validity = _flag(body, "validity", place)
    if validity:
        columns.append(Column(FROM, "date", "First day on which the row holds", required=True))
        columns.append(Column(TO, "date", "Last day on which the row holds; empty: open"))
    kinds = {column.name: column.kind for column in columns}
    return ReferenceFile(
        name=name,
        describe=place.at("describe").text(body.get("describe")),
        required=_flag(body, "required", place),
        validity=validity,
        key=_names(body.get("key"), kinds, place.at("key")),
        repeats=_names(body["repeats"], kinds, place.at("repeats")) if "repeats" in body else (),
        columns=tuple(columns),
        rules=tuple(
            _rule(rule, kinds, place.at("rules").item(position))
            for position, rule in enumerate(body.get("rules") or [], start=1)
        ),
    )


def _column(name: str, given: object, place: Place) -> Column:
    body = place.mapping(given, ("type", "meaning"), ("required", "domain", "minimum", "maximum"))
    _name(name, place)
    kind = str(body.get("type"))
    precision, scale = 18, 0
    if decimal := _DECIMAL.fullmatch(kind):
        kind, precision, scale = "decimal", int(decimal[1]), int(decimal[2])
        if not scale <= precision <= 38:
            place.at("type").fault("a decimal has at most 38 digits, and not more places than digits")
    elif kind not in _PLAIN_TYPES:
        place.at("type").fault(f"{kind!r} is not one of: {', '.join(_PLAIN_TYPES)}, decimal(p,s)")
    domain = place.at("domain").sequence(body["domain"], "values") if "domain" in body else []
    return Column(
        name=name,
        kind=kind,
        meaning=place.at("meaning").text(body.get("meaning")),
        required=_flag(body, "required", place),
        domain=tuple(str(value) for value in domain),
        minimum=_number(body, "minimum", place),
        maximum=_number(body, "maximum", place),
        precision=precision,
        scale=scale,
    )


def _rule(given: object, kinds: dict[str, str], place: Place) -> Rule:
    body = place.mapping(given, (), ("any_of", "all_or_none", "adds_up", "total", "less"))
    named = [kind for kind in ("any_of", "all_or_none", "adds_up") if kind in body]
    if len(named) != 1 or (named == ["adds_up"]) != ("total" in body and "less" in body):
        place.fault("a rule is any_of, all_or_none, or adds_up with total and less")
        return Rule("", ())
    columns = _names(body[named[0]], kinds, place.at(named[0]))
    if named != ["adds_up"]:
        return Rule(named[0], columns)
    total, less = (_names([body[key]], kinds, place.at(key)) for key in ("total", "less"))
    for name in (*columns, *total, *less):
        if kinds[name] != "decimal":
            place.fault(f"column {name} is no decimal, so it cannot be added up")
    return Rule("adds_up", columns, *total, *less)


def _names(given: object, kinds: dict[str, str], place: Place) -> tuple[str, ...]:
    names = [str(name) for name in place.sequence(given, "columns")]
    for name in names:
        if name not in kinds:
            place.fault(f"{name} is not a column of this file")
    return tuple(name for name in names if name in kinds)


def _name(name: str, place: Place) -> None:
    if not _NAME.fullmatch(name):
        place.fault("a name has lower-case letters, digits and _ only")


def _flag(body: dict[str, object], key: str, place: Place) -> bool:
    return place.at(key).choice(body[key], ("true", "false")) == "true" if key in body else False


def _number(body: dict[str, object], key: str, place: Place) -> Decimal | None:
    if key not in body:
        return None
    try:
        return Decimal(str(body[key]))
    except InvalidOperation:
        place.at(key).fault(f"{body[key]!r} is not a number")
        return None
