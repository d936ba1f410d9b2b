"""What is set side by side, as `data/interface/simulate.yml` says: reads that file and refuses.

How the two lakes are asked is `compare`'s; a figure or a table is not known here by name.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlglot.errors

from drg_pipeline.errors import DrgError
from drg_pipeline.forms import Place, read_yaml
from drg_pipeline.messages import LANGUAGES
from drg_pipeline.reports.charts import Chart, read_chart, unreadable
from drg_pipeline.sql.project import Project
from drg_pipeline.sql.query import selected, tables_of

SIMULATE_FILE = "simulate.yml"
COMPARED_MONTHS, COMPARED_YEAR = "months", "year"
COMPARED = "compared"
SIDES = ("base", "simulated")

Heads = Mapping[str, str]
"""language -> heading"""


@dataclass(frozen=True)
class Comparison:
    """One query, asked of both lakes and joined by its key; the file says what each of these is."""

    id: str
    title: Heads
    key: tuple[str, ...]
    names: Mapping[str, Heads]
    figures: Mapping[str, Heads]
    main: str
    rank: str
    ends: int
    total: tuple[str, ...]
    query: str
    leads: bool


@dataclass(frozen=True)
class Proof:
    """A query that counts what was checked and what of it is broken."""

    text: Heads
    unit: Heads
    query: str


@dataclass(frozen=True)
class Section:
    """What is compared of months, or of a year."""

    tables: tuple[Comparison, ...]
    proofs: tuple[Proof, ...]
    charts: tuple[Chart, ...]

    @property
    def queries(self) -> list[str]:
        return [table.query for table in self.tables] + [proof.query for proof in self.proofs]


def read_tables(sections: Collection[Section]) -> list[str]:
    """The tables of the lake that the sections' queries name."""
    named = {name for section in sections for query in section.queries for name in tables_of(query)}
    return sorted(name for name in named if name.split(".")[0] != COMPARED)


def load_comparisons(path: Path, project: Project) -> dict[str, Section]:
    """The sections of the file; everything that is wrong with it at once."""
    place = Place(path.name)
    content = read_yaml(path, place)
    sections: dict[str, Section] = {}
    if content is not None:
        top = place.mapping(content, [COMPARED_MONTHS, COMPARED_YEAR])
        known = _ids(top)
        readable = _reader(project, known)
        for name, node in top.items():
            sections[name] = _section(place.at(name), node, known, readable)
    if place.faults:
        raise DrgError(f"The comparisons in {path} cannot be made.", place.faults, remedy="Correct the file.")
    return sections


def _ids(top: Mapping[str, Any]) -> list[str]:
    nodes = [
        node for section in top.values() if isinstance(section, dict) for node in section.get("tables", [])
    ]
    return [str(node.get("id")) for node in nodes if isinstance(node, dict)]


def _reader(project: Project, known: Collection[str]) -> Callable[[str], str]:
    """Says of a table that a query reads what is wrong with it, or ''."""

    def wrong(table: str) -> str:
        layer, _, name = table.partition(".")
        if layer != COMPARED:
            return unreadable(project, table)
        return "" if name in known else f"reads {table}, which no query here compares"

    return wrong


def _section(place: Place, node: Any, known: Collection[str], readable: Callable[[str], str]) -> Section:
    keys = place.mapping(node, ["tables", "proofs", "charts"])
    parts: dict[str, list[tuple[Place, Any]]] = {}
    for part in ("tables", "proofs", "charts"):
        listed = place.at(part).sequence(keys.get(part), part)
        parts[part] = [(place.at(part).item(n), entry) for n, entry in enumerate(listed, 1)]
    return Section(
        tuple(_comparison(at, entry, readable) for at, entry in parts["tables"]),
        tuple(_proof(at, entry, readable) for at, entry in parts["proofs"]),
        tuple(
            chart
            for at, entry in parts["charts"]
            if (chart := read_chart(at, entry, known, readable)) is not None
        ),
    )


def _comparison(place: Place, node: Any, readable: Callable[[str], str]) -> Comparison:
    keys = place.mapping(
        node, ["id", "title", "key", "names", "figures", "main", "ends", "total", "query"], ["rank", "leads"]
    )
    query = place.at("query").text(keys.get("query"))
    columns = _columns(place.at("query"), query, readable)
    figures = {
        name: _heads(place.at("figures").at(name), heads, whole=True)
        for name, heads in place.at("figures").named(keys.get("figures"), "figures").items()
    }
    names = {
        name: _heads(place.at("names").at(name), heads, whole=False)
        for name, heads in place.at("names").named(keys.get("names"), "names").items()
    }
    key = _texts(place.at("key"), keys.get("key"))
    total = _texts(place.at("total"), keys.get("total"), empty=True)
    main, rank = str(keys.get("main", "")), str(keys.get("rank", ""))
    for where, asked, there in (
        ("key", key, columns),
        ("names", names, columns),
        ("figures", figures, columns),
        ("total", total, figures),
        ("main", [main], figures),
        ("rank", [rank] if rank else [], figures),
    ):
        for name in asked:
            if name not in there:
                place.at(where).fault(f"{name!r} is not among {', '.join(there)}")
    ends = str(keys.get("ends", "0"))
    if not ends.isdecimal():
        place.at("ends").fault(f"{ends!r} is not a whole number")
        ends = "0"
    title = _heads(place.at("title"), keys.get("title"), whole=True)
    named = place.at("id").text(keys.get("id"))
    leads = "leads" in keys and place.at("leads").choice(keys["leads"], ("true", "false")) == "true"
    return Comparison(named, title, key, names, figures, main, rank, int(ends), total, query, leads)


def _proof(place: Place, node: Any, readable: Callable[[str], str]) -> Proof:
    keys = place.mapping(node, ["text", "unit", "query"])
    query = place.at("query").text(keys.get("query"))
    columns = _columns(place.at("query"), query, readable)
    if columns and sorted(columns) != ["broken", "checked"]:
        place.at("query").fault("does not select checked and broken")
    return Proof(
        _heads(place.at("text"), keys.get("text"), whole=True),
        _heads(place.at("unit"), keys.get("unit"), whole=True),
        query,
    )


def _columns(place: Place, query: str, readable: Callable[[str], str]) -> tuple[str, ...]:
    try:
        names, tables = selected(query), tables_of(query)
    except (sqlglot.errors.SqlglotError, DrgError) as error:
        place.fault(f"is not one SELECT ({str(error).splitlines()[0]}): correct it")
        return ()
    for wrong in filter(None, map(readable, tables)):
        place.fault(wrong)
    return names


def _heads(place: Place, node: Any, *, whole: bool) -> dict[str, str]:
    """Headings per language; `whole`: in every language."""
    heads = place.mapping(node, LANGUAGES if whole else (), () if whole else LANGUAGES)
    return {lang: place.at(lang).text(text) for lang, text in heads.items()}


def _texts(place: Place, node: Any, *, empty: bool = False) -> tuple[str, ...]:
    listed: Sequence[Any] = place.sequence(node, "columns", empty=empty)
    return tuple(str(name) for name in listed)
