"""A column of a file that comes in, as a layout describes it: of what type its cells are.

Column names stand in the layouts of `data/interface`; how a cell is typed is with each kind of file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from drg_pipeline.forms import NAME, Column, Place, Reader, matching, one_of
from drg_pipeline.ingest.spelling import Spelling

_SQL: Mapping[str, str] = {
    "text": "VARCHAR",
    "date": "DATE",
    "month": "VARCHAR",
    "timestamp": "TIMESTAMP",
    "whole": "BIGINT",
    "amount": "DECIMAL(18,2)",
    "boolean01": "BOOLEAN",
    "codes": "VARCHAR[]",
}
DECIMAL = "decimal"
_DECIMAL = re.compile(r"decimal\(([0-9]{1,2}), ?([0-9]{1,2})\)")

FileName = Annotated[
    str, NAME, matching("[a-z][a-z0-9_]*", "a name has lower-case letters, digits and _ only")
]


@dataclass(frozen=True)
class CellType:
    """What the cells of a column are; `precision` and `scale` are a decimal's."""

    name: str
    precision: int = 0
    scale: int = 0

    @property
    def sql(self) -> str:
        return f"DECIMAL({self.precision},{self.scale})" if self.name == DECIMAL else _SQL[self.name]


def types(*allowed: str) -> Reader:
    """The types that one layout knows."""
    plain = one_of(f"{name}(p,s)" if name == DECIMAL else name for name in allowed)

    def read(place: Place, node: Any) -> CellType:
        found = _DECIMAL.fullmatch(node) if DECIMAL in allowed and isinstance(node, str) else None
        if found is None:
            return CellType(plain(place, "decimal" if node == "decimal(p,s)" else node))
        precision, scale = int(found[1]), int(found[2])
        if not scale <= precision <= 38 or not precision:
            place.fault("a decimal has at most 38 digits, and not more places than digits")
        return CellType(DECIMAL, precision, scale)

    return read


@dataclass(frozen=True)
class FileColumn:
    """A column of a file.

    required    it has to be there
    spelling    how its text is read; None: as it is
    identifier  a number that has lost digits is no value of it
    """

    name: FileName
    type: CellType
    meaning: str
    required: bool = False
    spelling: Spelling | None = None
    identifier: bool = False

    def check_spelling(self, place: Place) -> None:
        if self.spelling and self.kind not in ("text", "boolean01"):
            place.fault("only the text of codes and words has a spelling")
        if self.identifier and self.spelling != "digits":
            place.fault("an identifier needs spelling: digits")

    @property
    def kind(self) -> str:
        return self.type.name

    @property
    def column(self) -> Column:
        """What it is as a column of a table."""
        return Column(self.type.sql, "", self.meaning)
