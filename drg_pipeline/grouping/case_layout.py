"""The layout of case files, read from data: their columns, and what a case is for the models.

How a file is read is in `case_file.py`; no table of the models is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from drg_pipeline.duck import quoted
from drg_pipeline.forms import BY_NAME, Among, Place, load
from drg_pipeline.ingest.file_column import CellType, FileColumn, types
from drg_pipeline.ingest.spelling import Spelling, normal_sql

LAYOUT_FILE = "case_file.yml"


@dataclass(frozen=True)
class CaseColumn(FileColumn):
    """One column of a case file."""

    type: Annotated[CellType, types("text", "whole", "codes")]


@dataclass(frozen=True)
class Record:
    """The model that a case is a record of, and SQL for its columns."""

    model: str
    columns: Mapping[str, str]


@dataclass(frozen=True)
class Binds:
    """The table that tells the scheme, and SQL for its columns."""

    table: str
    columns: Mapping[str, str]


@dataclass(frozen=True)
class Maps:
    """Tables without which codes cannot be mapped, and explanations: the record with mapped codes, the answer
    to a refused one."""

    tables: tuple[str, ...]
    record: str
    refused: str


@dataclass(frozen=True)
class Answer:
    """The model that answers, SQL for the number of the row out of its answer and for what is written."""

    model: str
    number: str
    columns: Mapping[str, str]


@dataclass(frozen=True)
class Steps:
    """The explanation of an answer, and SQL that makes one line of its steps."""

    explanation: str
    line: str


@dataclass(frozen=True)
class CaseLayout:
    """The columns of a case file and what they are for the models.

    known     column of codes -> table that lists those of schemes
    expected  column of the answer -> column of a file with somebody else's answer
    """

    version: str
    describe: str
    columns: Annotated[tuple[CaseColumn, ...], BY_NAME]
    any_of: Annotated[tuple[str, ...], Among("columns")]
    known: Mapping[str, str]
    record: Record
    binds: Binds
    maps: Maps
    answer: Answer
    expected: Mapping[str, str]
    path: Steps

    @property
    def spellings(self) -> dict[str, Spelling]:
        return {column.name: column.spelling for column in self.columns if column.spelling}

    def normal(self, relation: str) -> str:
        """The cases of a relation with their coded values in normal form."""
        values = []
        for column in self.columns:
            name = quoted(column.name)
            if column.spelling and column.kind == "codes":
                code = normal_sql(column.spelling, "code")
                values.append(f"list_transform({name}, lambda code: {code}) as {name}")
            elif column.spelling:
                values.append(f"{normal_sql(column.spelling, name)} as {name}")
        return f"select * replace ({', '.join(values)}) from ({relation})"

    def check(self, place: Place) -> None:
        for name in self.known:
            place.at("known").choice(name, [column.name for column in self.columns if column.kind == "codes"])
        for name in self.expected:
            place.at("expected").choice(name, self.answer.columns)


def load_case_layout(path: Path) -> CaseLayout:
    """Reads the layout; everything that is wrong with it is told at once."""
    return load(CaseLayout, path, f"{path.name} is not the layout of case files.")
