"""Tables for people: one file a sheet, a header with headings in both languages and one SELECT.

Reads `dbt_like_sql/sheets` and `dbt_like_sql/proofs`, and asks them of a lake. Who sets a sheet (terminal,
page) reads what is here. A proof's SELECT has one row: how many rows were checked, how many are broken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from drg_pipeline.errors import DrgError
from drg_pipeline.forms import Place
from drg_pipeline.messages import LANGUAGES
from drg_pipeline.sql.header import split_header
from drg_pipeline.sql.query import selected, tables_of

SHEETS, PROOFS = "sheets", "proofs"
# What a sheet is about -> the parameters that its SELECT may ask for, and the kind of period that they name.
ABOUT = {"months": ("months", "month"), "year": ("year", "year")}
CHECKED, BROKEN = "checked", "broken"
Words = Mapping[str, str]
"""language -> text"""


@dataclass(frozen=True)
class Sheet:
    """A table that people see.

    about    `months` ($months, a list of YYYY-MM) or `year` ($year, a whole number)
    columns  name -> heading by language; a column without a heading in a language is not shown in it
    total    the columns whose sums stand below
    """

    id: str
    describe: str
    about: str
    title: Words
    sql: str
    columns: Mapping[str, Words]
    total: tuple[str, ...]
    tables: tuple[str, ...]


@dataclass(frozen=True)
class Proof:
    """A sum that has to come out; its SELECT says `checked` and `broken`, `unit` of what."""

    id: str
    describe: str
    about: str
    title: Words
    unit: Words
    sql: str
    tables: tuple[str, ...]


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
    faults: list[Any] = []
    sheets = {path.stem: _sheet(path, faults) for path in sorted((folder / SHEETS).glob("*.sql"))}
    proofs = {path.stem: _proof(path, faults) for path in sorted((folder / PROOFS).glob("*.sql"))}
    if faults:
        raise DrgError("Tables for people cannot be made.", faults, remedy="Correct the files.")
    return Sheets(
        {name: sheet for name, sheet in sheets.items() if sheet},
        {name: proof for name, proof in proofs.items() if proof},
    )


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


def prove(con: duckdb.DuckDBPyConnection, proof: Proof, parameters: Mapping[str, object]) -> tuple[int, int]:
    """How many rows were checked, and how many of them are broken."""
    names, [row] = ask(con, proof.sql, parameters)
    return row[names.index(CHECKED)], row[names.index(BROKEN)]


def ask(
    con: duckdb.DuckDBPyConnection, query: str, parameters: Mapping[str, object]
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """The columns and rows of a query that is given the parameters it asks for."""
    answer = con.execute(query, {name: value for name, value in parameters.items() if f"${name}" in query})
    return [str(column[0]) for column in answer.description or ()], answer.fetchall()


def _sheet(path: Path, faults: list[Any]) -> Sheet | None:
    place, keys, sql = _header(path, faults, ["columns", "total"])
    before = len(place.faults)
    shown = place.at("columns")
    named = shown.named(keys.get("columns"), "columns")
    headings = {name: _words(shown.at(name), node, whole=False) for name, node in named.items()}
    total = place.at("total").sequence(keys.get("total"), "columns", empty=True)
    for name in total:
        if name not in headings:
            place.at("total").fault(f"{name} has no heading: name a column that is shown")
    yielded = _columns(place, sql)
    for name in headings:
        if yielded and "*" not in yielded and name not in yielded:
            shown.at(name).fault("is not selected: select it, or leave the heading out")
    common = _common(place, keys)
    if len(place.faults) > before:
        return None
    return Sheet(path.stem, *common, sql, headings, tuple(total), tables_of(sql))


def _proof(path: Path, faults: list[Any]) -> Proof | None:
    place, keys, sql = _header(path, faults, ["unit"])
    before = len(place.faults)
    unit = _words(place.at("unit"), keys.get("unit"))
    if sorted(_columns(place, sql)) != [BROKEN, CHECKED]:
        place.fault(f"selects something else than {CHECKED} and {BROKEN}")
    common = _common(place, keys)
    if len(place.faults) > before:
        return None
    return Proof(path.stem, *common, unit, sql, tables_of(sql))


def _header(path: Path, faults: list[Any], own: Sequence[str]) -> tuple[Place, dict[str, Any], str]:
    place = Place(f"{path.parent.name}/{path.name}", faults)
    header, sql = split_header(path)
    return place, place.mapping(header, ["describe", "about", "title", *own]), sql


def _common(place: Place, keys: Mapping[str, Any]) -> tuple[str, str, Words]:
    return (
        place.at("describe").text(keys.get("describe")),
        place.at("about").choice(keys.get("about"), ABOUT),
        _words(place.at("title"), keys.get("title")),
    )


def _words(place: Place, node: object, *, whole: bool = True) -> Words:
    """A text by language: in each of them, or at least in one."""
    keys = place.mapping(node, LANGUAGES if whole else (), () if whole else LANGUAGES)
    if not keys and not whole:
        place.fault(f"has no heading: give one in {' or '.join(LANGUAGES)}")
    return {lang: place.at(lang).text(text) for lang, text in keys.items()}


def _columns(place: Place, sql: str) -> tuple[str, ...]:
    try:
        return selected(sql)
    except DrgError as error:
        place.fault(str(error).splitlines()[0])
        return ()
