"""The account of a column: its tree, and for each column and table where it enters and which law it follows.

Which columns hang together is `sql/trace.py`'s; how the account is printed or drawn belongs elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from drg_pipeline.forms import Column
from drg_pipeline.ingest.reference import MENTION_TABLE
from drg_pipeline.policy.parameter import OPEN, Parameter
from drg_pipeline.region import CALENDAR, CALENDAR_OVERLAY, LANDING, REFERENCE, SCHEME, Region
from drg_pipeline.sql.lineage import Decider
from drg_pipeline.sql.model import Member
from drg_pipeline.sql.trace import Branch, ColumnGraph, Place

COMPUTED, DELIVERED, RECORDED, REFERENCED, MENTIONED, WORKDAYS, SCHEMED, LAW, PERIOD = (
    "computed",
    "delivered",
    "recorded",
    "reference",
    "mentioned",
    "calendar",
    "scheme",
    "law",
    "period",
)


@dataclass(frozen=True)
class Origin:
    """Where a column enters.

    kind       computed (by a model), delivered (a field of an uploaded file), recorded (when a delivery is
               taken in), reference (a column of a reference file), mentioned (a cell of any of them, with its
               place), calendar, scheme (a column of a scheme's file), law (a value of a parameter), period
               (the month, year or phase that the law is read for)
    name       of the file, without its ending, or of the parameter
    field      the column of that file
    law        clauses that the values of a parameter cite, `open` where one is a choice
    """

    kind: str
    name: str = ""
    field: str = ""
    law: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cited:
    """A clause as people look it up."""

    clause: str
    number: str
    title: str
    note: str


@dataclass(frozen=True)
class ColumnTold:
    """A column of the tree with what it is and where it enters."""

    place: Place
    is_: Column
    origin: Origin


@dataclass(frozen=True)
class TableTold:
    """A model of the tree: its clauses, what decides on its rows, the tables it takes whole rows of, and the
    members that it is gathered from."""

    name: str
    describe: str
    law: tuple[str, ...]
    deciders: tuple[Decider, ...]
    whole_rows: tuple[str, ...]
    members: tuple[Member, ...]


@dataclass(frozen=True)
class Account:
    """Everything that is shown of a column.

    down     whether the tree shows what came of it, not what it came from
    empty    columns of the tree that come from no column: counts and constants
    titles   table -> title of its layer, in the order of the layers
    tables   models of the tree, in the order in which they are computed
    decided  (model, its decider) where a column of a tree downwards decides on the rows of a model
    """

    start: Place
    down: bool
    tree: Branch
    columns: tuple[ColumnTold, ...]
    empty: frozenset[Place]
    titles: Mapping[str, str]
    tables: tuple[TableTold, ...]
    decided: tuple[tuple[str, Decider], ...]
    clauses: tuple[Cited, ...]

    def edges(self) -> list[tuple[Place, Place]]:
        """(from, to) as the values go, each once."""
        found = [(branch.place, child.place) for branch in self.tree.walk() for child in branch.below]
        return list(dict.fromkeys(found if self.down else [(child, parent) for parent, child in found]))


def account_of(region: Region, start: str, *, down: bool = False, depth: int | None = None) -> Account:
    """The account of `layer.table.column`; WrongUse where there is no such column."""
    graph = ColumnGraph(region.project)
    place = graph.find(start)
    tree = graph.tree(place, down=down, depth=depth)
    places = tree.places()
    columns = tuple(ColumnTold(one, region.project.column(*one), origin_of(region, one)) for one in places)
    empty = frozenset(one for one in places if one.table in region.project.models and not graph.upstream(one))
    there = {one.table for one in places}
    tables = tuple(_table_told(region, graph, name) for name in region.project.models if name in there)
    decided = graph.decided(places) if down else []
    law = [clause for told in tables for clause in told.law]
    law += [clause for told in columns for clause in told.origin.law]
    titles = {
        table: layer.title
        for layer in region.project.layers
        for table in sorted(there)
        if table.split(".")[0] == layer.name
    }
    return Account(
        start=place,
        down=down,
        tree=tree,
        columns=columns,
        empty=empty,
        titles=titles,
        tables=tables,
        decided=tuple(decided),
        clauses=tuple(_cited(region, law)),
    )


def _table_told(region: Region, graph: ColumnGraph, name: str) -> TableTold:
    model = region.project.models[name]
    rows = tuple(graph.whole_rows(name))
    return TableTold(name, model.describe, model.law, tuple(graph.deciders(name)), rows, model.members)


def origin_of(region: Region, place: Place) -> Origin:
    """Where the values of a column enter."""
    layer, table = place.table.split(".")
    if place.table in region.project.models:
        return Origin(COMPUTED)
    if layer == LANDING:
        files = {file.name: {column.name for column in file.columns} for file in region.layouts.claims.files}
        kind = DELIVERED if place.column in files.get(table, ()) else RECORDED
        return Origin(kind, table, place.column)
    if layer == REFERENCE:
        if table == CALENDAR:
            return Origin(WORKDAYS, CALENDAR_OVERLAY, place.column)
        if table == MENTION_TABLE:
            return Origin(MENTIONED)
        return Origin(REFERENCED, table, place.column)
    if layer == SCHEME:
        return Origin(SCHEMED, table, place.column)
    return _of_law(region, place)


def _of_law(region: Region, place: Place) -> Origin:
    for parameter in region.pack.tables[place.table].parameters:
        if place.column == parameter.name or place.column in (parameter.columns or ()):
            return Origin(LAW, parameter.full_name, place.column, _citations(parameter))
    return Origin(PERIOD, place.table, place.column)


def _citations(parameter: Parameter) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value.law for value in parameter.values))


def _cited(region: Region, clauses: Iterable[str]) -> list[Cited]:
    """The clauses with the documents they stand in, each once; a choice that the law leaves open is none."""
    wanted = sorted({clause for clause in clauses if clause != OPEN}, key=_by_number)
    found = [(clause, region.pack.instruments.resolve(clause)) for clause in wanted]
    return [Cited(clause, one.number, one.title, one.note) for clause, one in found]


def _by_number(clause: str) -> list[tuple[int, str]]:
    """Article 9 comes before article 10."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in clause.split("-")]


def by_document(clauses: Iterable[Cited]) -> list[tuple[str, list[Cited]]]:
    """The clauses below the document that they stand in."""
    found: dict[str, list[Cited]] = {}
    for one in clauses:
        found.setdefault(f"《{one.title}》（{one.number}）", []).append(one)
    return list(found.items())
