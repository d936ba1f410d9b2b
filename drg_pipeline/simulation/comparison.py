"""What is set side by side, as `data/interface/simulate.yml` says: reads that file and refuses.

How the two lakes are asked is `compare`'s; a figure or a table is not known here by name.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from drg_pipeline.forms import EMPTY, Among, ByAnyLanguage, ByLanguage, Place, read_form
from drg_pipeline.reports.charts import Chart, unreadable
from drg_pipeline.reports.sheets import check_proof
from drg_pipeline.sql.project import Project
from drg_pipeline.sql.query import tables_of
from drg_pipeline.sql.select import Select, check_selected

SIMULATE_FILE = "simulate.yml"
MONTHS, YEAR = "months", "year"
COMPARED = "compared"
SIDES = ("base", "simulated")


@dataclass(frozen=True)
class Comparison:
    """One query, asked of both lakes and joined by its key; the file says what each of these is."""

    id: str
    title: ByLanguage
    key: tuple[str, ...]
    names: Mapping[str, ByAnyLanguage]
    figures: Mapping[str, ByLanguage]
    main: Annotated[str, Among("figures")]
    ends: int
    total: Annotated[tuple[str, ...], EMPTY, Among("figures")]
    query: Select
    rank: Annotated[str, Among("figures")] = ""
    leads: bool = False

    def check(self, place: Place) -> None:
        for key, asked in (("key", self.key), ("names", self.names), ("figures", self.figures)):
            check_selected(place.at(key), self.query, asked)


@dataclass(frozen=True)
class Proof:
    """A query that counts what was checked and what of it is broken."""

    text: ByLanguage
    unit: ByLanguage
    query: Select

    def check(self, place: Place) -> None:
        check_proof(place.at("query"), self.query)


@dataclass(frozen=True)
class Section:
    """What is compared of months, or of a year."""

    tables: tuple[Comparison, ...]
    proofs: tuple[Proof, ...]
    charts: tuple[Chart, ...]

    @property
    def compared(self) -> list[str]:
        return [table.query for table in self.tables]

    @property
    def proved(self) -> list[str]:
        return [proof.query for proof in self.proofs]


@dataclass(frozen=True)
class Comparisons:
    """The file."""

    months: Section
    year: Section


def read_tables(sections: Collection[Section]) -> list[str]:
    """The tables of the lake that the sections' queries name."""
    named = {
        name
        for section in sections
        for query in section.compared + section.proved
        for name in tables_of(query)
    }
    return sorted(name for name in named if name.split(".")[0] != COMPARED)


def load_comparisons(path: Path, project: Project) -> Comparisons:
    """What the file says; everything that is wrong with it at once."""
    place = Place(path.name)
    found = read_form(Comparisons, path, place)
    known = {table.id for section in (found.months, found.year) for table in section.tables}

    def wrong(table: str) -> str:
        layer, _, name = table.partition(".")
        if layer != COMPARED:
            return unreadable(project, table)
        return "" if name in known else f"reads {table}, which no query here compares"

    for name, section in ((MONTHS, found.months), (YEAR, found.year)):
        here = place.at(name)
        for part, queries in (("tables", section.compared), ("proofs", section.proved)):
            for position, query in enumerate(queries, 1):
                for told in filter(None, map(wrong, tables_of(query))):
                    here.at(part).item(position).at("query").fault(told)
        for position, chart in enumerate(section.charts, 1):
            chart.check_tables(here.at("charts").item(position), known, wrong)
    place.refuse(f"The comparisons in {path} cannot be made.", "Correct the file.")
    return found
