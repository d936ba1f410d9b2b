"""What a column of a table is, whoever fills the table: a model, the law, a file that comes in.

How a file's cells are read, and what the law's values may be, is said where those are read.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """SQL type, unit and meaning of a column; `nullable`: a value may be missing."""

    type: str
    unit: str
    meaning: str
    nullable: bool = False

    @property
    def explained(self) -> str:
        """What it means, with its unit where the words do not say it already."""
        said = not self.unit or self.unit == self.meaning.lower()
        return self.meaning if said else f"{self.meaning} ({self.unit})"
