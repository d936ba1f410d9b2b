"""Tables for people: one file a sheet, a header with headings in both languages and one SELECT.

Reads `dbt_like_sql/sheets` and `dbt_like_sql/proofs`, and asks them of a lake. Who sets a sheet (terminal,
page) reads what is here. A proof's SELECT has one row: how many rows were checked, how many are broken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import duckdb

from drg_pipeline.duck import ask, records
from drg_pipeline.forms import EMPTY, Among, ByAnyLanguage, ByLanguage, Name, Place, one_of
from drg_pipeline.messages import text
from drg_pipeline.sql.header import read_headed
from drg_pipeline.sql.query import parsed, tables_of
from drg_pipeline.sql.select import Select, check_selected

SHEETS, PROOFS = "sheets", "proofs"
# What a sheet is about -> the parameters that its SELECT may ask for, and the kind of period that they name.
ABOUT = {"months": ("months", "month"), "year": ("year", "year")}
CHECKED, BROKEN = "checked", "broken"


@dataclass(frozen=True)
class _Asked:
    """What sheets and proofs have in common."""

    id: Name
    describe: str
    about: Annotated[str, one_of(ABOUT)]
    title: ByLanguage
    sql: Select

    @property
    def tables(self) -> tuple[str, ...]:
        return tables_of(self.sql)


@dataclass(frozen=True)
class Sheet(_Asked):
    """A table that people see.

    about    `months` ($months, a list of YYYY-MM) or `year` ($year, a whole number)
    columns  name -> heading by language; a column without a heading in a language is not shown in it
    total    the columns whose sums stand below
    """

    columns: Mapping[str, ByAnyLanguage]
    total: Annotated[tuple[str, ...], EMPTY, Among("columns")]

    def check(self, place: Place) -> None:
        check_selected(place.at("columns"), self.sql, self.columns)


@dataclass(frozen=True)
class Proof(_Asked):
    """A sum that has to come out; its SELECT says `checked` and `broken`, `unit` of what."""

    unit: ByLanguage

    def check(self, place: Place) -> None:
        check_proof(place.at("sql"), self.sql)


def check_proof(place: Place, sql: str) -> None:
    """A fault where a SELECT is not one of a proof."""
    found = parsed(sql).columns
    if found is not None and sorted(found) != [BROKEN, CHECKED]:
        place.fault(f"selects something else than {CHECKED} and {BROKEN}")


@dataclass(frozen=True)
class Filled:
    """A sheet's rows in one language: headings, rows of values, sums by column (None: not summed)."""

    sheet: Sheet
    title: str
    names: tuple[str, ...]
    headings: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]
    sums: tuple[Any, ...]

    def is_number(self, place: int) -> bool:
        """Whether a column holds figures."""
        return not isinstance(next((row[place] for row in self.rows if row[place] is not None), ""), str)


@dataclass(frozen=True)
class Sheets:
    """Every sheet and every proof of the arithmetic, by name."""

    sheets: Mapping[str, Sheet]
    proofs: Mapping[str, Proof]


def load_sheets(folder: Path) -> Sheets:
    """Read the two folders; everything that is wrong with them at once."""
    whole = Place("")
    found = Sheets(
        {path.stem: read_headed(Sheet, path, whole) for path in sorted((folder / SHEETS).glob("*.sql"))},
        {path.stem: read_headed(Proof, path, whole) for path in sorted((folder / PROOFS).glob("*.sql"))},
    )
    whole.refuse("Tables for people cannot be made.", "Correct the files.")
    return found


def fill(
    con: duckdb.DuckDBPyConnection, sheet: Sheet, lang: str, span: str, parameters: Mapping[str, object]
) -> Filled:
    """Ask a sheet of what a connection sees."""
    found, rows = ask(con, sheet.sql, parameters)
    heads = {name: words[lang] for name, words in sheet.columns.items() if lang in words}
    places = [found.index(name) for name in heads]
    shown = [tuple(row[place] for place in places) for row in rows]
    summed = [
        sum(row[place] for row in shown if row[place] is not None) if name in sheet.total else None
        for place, name in enumerate(heads)
    ]
    title = sheet.title[lang].format(span=span)
    return Filled(sheet, title, tuple(heads), tuple(heads.values()), shown, tuple(summed))


@dataclass(frozen=True)
class Proven:
    """What came of a proof: what it proves and what it counts, by language; how many, and how many broken."""

    what: Mapping[str, str]
    unit: Mapping[str, str]
    checked: int
    broken: int

    def said(self, lang: str) -> str:
        return text(
            "proof.broken" if self.broken else "proof.holds",
            lang,
            what=self.what[lang],
            checked=f"{self.checked:,} {self.unit[lang]}",
            broken=f"{self.broken:,}",
        )


def prove(
    con: duckdb.DuckDBPyConnection,
    query: str,
    what: Mapping[str, str],
    unit: Mapping[str, str],
    parameters: Mapping[str, object] | None = None,
) -> Proven:
    """Ask the query of a proof."""
    [row] = records(con, query, parameters)
    return Proven(what, unit, row[CHECKED], row[BROKEN])
