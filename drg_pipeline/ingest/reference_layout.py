"""The layout of reference files and of a scheme's: files, columns, keys and row rules, as data says.

File and column names stand in `reference_files.yml` and `scheme_files.yml`, never in code; how a cell is
typed and a rule is judged is in `reference_cells.py` and `reference.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from drg_pipeline.errors import did_you_mean
from drg_pipeline.forms import BY_NAME, EMPTY, Among, Place, load
from drg_pipeline.ingest.file_column import DECIMAL, CellType, FileColumn, FileName, types

LAYOUT_FILE = "reference_files.yml"
FROM, TO = "valid_from", "valid_to"
_ADDS_UP = "adds_up"


@dataclass(frozen=True)
class ReferenceColumn(FileColumn):
    """One column; `required`: with a value in every row. Bounds are inclusive."""

    type: Annotated[CellType, types("text", "date", "month", "whole", "boolean01", DECIMAL)]
    domain: tuple[str, ...] = ()
    minimum: Decimal | None = None
    maximum: Decimal | None = None

    def check(self, place: Place) -> None:
        self.check_spelling(place)


_VALIDITY = (
    ReferenceColumn(FROM, CellType("date"), "First day on which the row holds", required=True),
    ReferenceColumn(TO, CellType("date"), "Last day on which the row holds; empty: open"),
)


@dataclass(frozen=True)
class Rule:
    """What the columns of one row have to fulfil together: one of any_of, all_or_none, adds_up.

    Those of adds_up make `total` x (1 - `less`).
    """

    any_of: tuple[str, ...] = ()
    all_or_none: tuple[str, ...] = ()
    adds_up: tuple[str, ...] = ()
    total: str = ""
    less: str = ""

    def check(self, place: Place) -> None:
        said = [columns for columns in (self.any_of, self.all_or_none, self.adds_up) if columns]
        if len(said) != 1 or bool(self.adds_up) != bool(self.total and self.less):
            place.fault("a rule is any_of, all_or_none, or adds_up with total and less")

    @property
    def kind(self) -> str:
        return next(kind for kind in ("any_of", "all_or_none", _ADDS_UP) if getattr(self, kind))

    @property
    def columns(self) -> tuple[str, ...]:
        return self.any_of or self.all_or_none or self.adds_up


@dataclass(frozen=True)
class ReferenceFile:
    """One file, its columns in the layout's order (validity dates last) and its key."""

    name: FileName
    describe: str
    key: Annotated[tuple[str, ...], Among("columns")]
    columns: Annotated[tuple[ReferenceColumn, ...], BY_NAME]
    required: bool = False
    validity: bool = False
    repeats: Annotated[tuple[str, ...], Among("columns")] = ()
    rules: Annotated[tuple[Rule, ...], EMPTY] = ()

    def check(self, place: Place) -> None:
        kinds = {column.name: column.kind for column in self.columns}
        for position, rule in enumerate(self.rules, 1):
            here = place.at("rules").item(position)
            adding = (*rule.adds_up, *filter(None, (rule.total, rule.less)))
            for name in dict.fromkeys((*rule.columns, *adding)):
                if name not in kinds:
                    here.fault(f"{name} is not one of the columns{did_you_mean(name, kinds)}")
                elif name in adding and kinds[name] != DECIMAL:
                    here.fault(f"column {name} is no decimal, so it cannot be added up")

    @property
    def file_name(self) -> str:
        return f"{self.name}.csv"

    def column(self, name: str) -> ReferenceColumn:
        return next(column for column in self.columns if column.name == name)


@dataclass(frozen=True)
class ReferenceLayout:
    version: str
    files: Annotated[tuple[ReferenceFile, ...], BY_NAME]

    def file(self, name: str) -> ReferenceFile:
        return next(file for file in self.files if file.name == name)


def load_reference_layout(path: Path) -> ReferenceLayout:
    """Reads the layout; everything that is wrong with it is told at once."""
    layout = load(ReferenceLayout, path, f"{path.name} is not a layout of reference files.")
    whole = (replace(f, columns=(*f.columns, *_VALIDITY)) if f.validity else f for f in layout.files)
    return replace(layout, files=tuple(whole))
