"""The layout of the claim files: which files and columns a delivery has, as `claim_files.yml` says.

Column names stand in that file, never in code, and how a value is typed is in `read.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from drg_pipeline.forms import BY_NAME, Column, Place, load
from drg_pipeline.ingest.file_column import CellType, FileColumn, FileName, types

LAYOUT_FILE = "claim_files.yml"
CLAIM_TYPES = ("text", "date", "timestamp", "whole", "amount")


@dataclass(frozen=True)
class ClaimColumn(FileColumn):
    """One column of a claim file.

    value_required  a record without a value in it is rejected
    key             it says of which claim version a record is: kept of rejected ones where it can be read
    """

    type: Annotated[CellType, types(*CLAIM_TYPES)]
    value_required: bool = False
    key: bool = False
    personal: Literal["pseudonym", "mask"] | None = None

    def check(self, place: Place) -> None:
        self.check_spelling(place)
        if self.kind == "text" and not self.spelling:
            place.fault("a text column needs a spelling: how its text is read")
        if self.personal == "pseudonym" and self.kind != "text":
            place.fault("only a text column can be replaced by a pseudonym")
        if self.value_required and not self.required:
            place.fault("value_required needs required: the column could be missing")
        if self.key and (self.personal or not self.value_required):
            place.fault("a key is value_required and not personal: it names a claim version")


@dataclass(frozen=True)
class ClaimFile:
    """One file of a delivery and its columns in the layout's order."""

    name: FileName
    describe: str
    required: bool
    columns: Annotated[tuple[ClaimColumn, ...], BY_NAME]

    def check(self, place: Place) -> None:
        if self.columns and not any(column.required for column in self.columns):
            place.fault("no required column is listed, so that any file would pass for it")

    @property
    def has_personal(self) -> bool:
        return any(column.personal for column in self.columns)


@dataclass(frozen=True)
class Layout:
    version: str
    files: Annotated[tuple[ClaimFile, ...], BY_NAME]

    def file(self, name: str) -> ClaimFile:
        return next(file for file in self.files if file.name == name)

    @property
    def keys(self) -> dict[str, Column]:
        """The columns, of any file, that say which claim version a record is of."""
        return {c.name: c.column for file in self.files for c in file.columns if c.key}


def load_layout(path: Path) -> Layout:
    """Reads the layout; everything that is wrong with it is told at once."""
    return load(Layout, path, f"{path.name} is not a layout of claim files.")
