"""All models' column lineage as one graph: what a column came from, and what came of it.

Follows values from column to column; what decides on rows is told beside them, model by model. What a column
means, and which law stands behind it, is added by whoever shows it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from drg_pipeline.errors import WrongUse, meant
from drg_pipeline.sql.lineage import Decider, Lineage, whole_lineage
from drg_pipeline.sql.project import Project

FOLDED, CUT = "folded", "cut"


class Place(NamedTuple):
    """A column of a table."""

    table: str
    column: str

    def __str__(self) -> str:
        return f"{self.table}.{self.column}"


@dataclass
class Branch:
    """A column and what hangs on it. `state`: '' whole, `folded` (it stands above with all that hangs on it)
    or `cut` (more hangs on it than the depth lets be shown)."""

    place: Place
    below: list[Branch] = field(default_factory=list)
    state: str = ""

    def walk(self) -> Iterator[Branch]:
        """It and all below it, as they are read."""
        yield self
        for branch in self.below:
            yield from branch.walk()

    def places(self) -> list[Place]:
        """Every column in it, once."""
        return list(dict.fromkeys(branch.place for branch in self.walk()))


class ColumnGraph:
    """The columns of all tables of a project; each model's SELECT is read when it is first needed."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._read: dict[str, tuple[Lineage, list[Decider]]] = {}
        self._users: dict[Place, list[Place]] | None = None

    def find(self, text: str) -> Place:
        """The column that `layer.table.column` names; WrongUse with what was probably meant."""
        table, _, column = text.rpartition(".")
        known = [*self.project.models, *self.project.sources]
        if text in known:
            table, column = text, ""
        if table not in known:
            names = [f"{name}.{one}" for name in known for one in self.columns(name)]
            raise WrongUse(
                f"{text!r} is no column of a table.",
                remedy=f"{meant(text, names)}Name it layer.table.column; drg sql lists the tables.",
            )
        if column not in self.columns(table):
            said = (
                f"{table} has no column {column!r}."
                if column
                else f"{table} is a table: name a column of it."
            )
            raise WrongUse(
                said,
                remedy=f"{meant(column, self.columns(table))}Its columns: {', '.join(self.columns(table))}.",
            )
        return Place(table, column)

    def columns(self, table: str) -> Sequence[str]:
        models = self.project.models
        return models[table].columns if table in models else list(self.project.sources[table].columns)

    def upstream(self, place: Place) -> list[Place]:
        """The columns whose values make it; none for a source, a count or a constant of the query."""
        if place.table not in self.project.models:
            return []
        return [Place(*origin) for origin in self._lineage(place.table)[0][place.column]]

    def downstream(self, place: Place) -> list[Place]:
        """The columns that its values go into, in the order of computation."""
        if self._users is None:
            self._users = {}
            for name, model in self.project.models.items():
                for column in model.columns:
                    for origin in self._lineage(name)[0][column]:
                        self._users.setdefault(Place(*origin), []).append(Place(name, column))
        return self._users.get(place, [])

    def deciders(self, table: str) -> list[Decider]:
        """The columns of other tables that decide which rows a model has; none for a source."""
        return self._lineage(table)[1] if table in self.project.models else []

    def decided(self, places: Collection[Place]) -> list[tuple[str, Decider]]:
        """(model, its decider) wherever one of these columns decides on rows, in the order of computation."""
        wanted = set(places)
        return [
            (name, decider)
            for name in self.project.models
            for decider in self.deciders(name)
            if Place(decider.table, decider.column) in wanted
        ]

    def whole_rows(self, table: str) -> list[str]:
        """The tables that a model reads for their rows alone: neither value nor decision names a column."""
        if table not in self.project.models:
            return []
        lineage, deciders = self._lineage(table)
        named = {up for found in lineage.values() for up, _ in found} | {
            decider.table for decider in deciders
        }
        return sorted(set(self.project.models[table].upstream) - named)

    def tree(self, start: Place, *, down: bool = False, depth: int | None = None) -> Branch:
        """What a column came from (`down`: what came of it), at most so many steps away.

        What hangs on a column is shown where the column stands first; `folded` marks it elsewhere.
        """
        step = self.downstream if down else self.upstream
        return _grown(start, step, math.inf if depth is None else depth, {})

    def _lineage(self, name: str) -> tuple[Lineage, list[Decider]]:
        if name not in self._read:
            self._read[name] = whole_lineage(self.project, name)
        return self._read[name]


def _grown(
    place: Place, step: Callable[[Place], list[Place]], left: float, shown: dict[Place, float]
) -> Branch:
    """The branch of a place with so many steps left; `shown` says how many were left where it stood above."""
    found = step(place)
    if not found:
        return Branch(place)
    if shown.get(place, -1) >= left:
        return Branch(place, state=FOLDED)
    if left <= 0:
        return Branch(place, state=CUT)
    shown[place] = left
    return Branch(place, [_grown(one, step, left - 1, shown) for one in found])
