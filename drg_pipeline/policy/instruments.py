"""The documents that the law comes from, listed once; whatever cites, cites a clause of theirs.

Says which clause ids exist and when a document binds. What a clause makes of a value is the
pack's business.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from drg_pipeline.errors import DrgError
from drg_pipeline.forms import Name, Place, day, load, matching, nothing_or, text

# computed or checked, report or page, needs an input file, organisational
KINDS = ("C", "R", "I", "O")


def _kinds(place: Place, node: Any) -> tuple[str, ...]:
    found = tuple(place.text(node).split())
    if unknown := [kind for kind in found if kind not in KINDS]:
        place.fault(f"{' '.join(unknown)} is not among {', '.join(KINDS)}")
    return found


class Citation(NamedTuple):
    """What a clause id stands for."""

    title: str
    number: str
    note: str


def article_of(citation: str) -> str:
    """The article of a clause id, as 18 of JY-18-1-1; empty where it has none."""
    found = re.match(r"[A-Z]+-(\d+)", citation)
    return found[1] if found else ""


@dataclass(frozen=True)
class Clause:
    """One citable place of a document; `kind` only on whole articles (None on their parts)."""

    id: Name
    note: str
    kind: Annotated[tuple[str, ...] | None, _kinds] = None


@dataclass(frozen=True)
class Instrument:
    """One document. `in_force_until` is its last day (None: open); `needs_confirmation` is what a
    person has still to look up, None where nothing is open."""

    id: Annotated[str, matching("[A-Z]+", "capital letters only, because clause ids begin with it")]
    number: str
    title: str
    issuer: str
    issued: Annotated[date | None, nothing_or(day)]
    in_force_from: date
    in_force_until: Annotated[date | None, nothing_or(day)]
    needs_confirmation: Annotated[str | None, nothing_or(text)]
    clauses: Mapping[str, Clause]
    annex_of: str | None = None

    def check(self, place: Place) -> None:
        ends = self.in_force_until
        if ends and ends < self.in_force_from != date.max:
            place.at("in_force_until").fault(
                f"{ends} lies before in_force_from {self.in_force_from}: correct one of the two"
            )
        for name, clause in self.clauses.items():
            here = place.at("clauses").at(name)
            if self.id and not re.fullmatch(rf"{self.id}-[0-9A-Za-z]+(-[0-9A-Za-z]+)*", name):
                here.fault(f"a clause id is {self.id}-<article>[-<part>…]: rename it")
            # A part hangs on a listed article and shares its kind; anything else counts as an article.
            is_part = any(name.startswith(f"{article}-") for article in self.clauses)
            if clause.kind is None and not is_part:
                here.fault("an article needs its kind (C, R, I, O): add kind")
            if clause.kind is not None and is_part:
                here.fault("a part takes the kind of its article: remove kind")

    def past_its_end(self, on: date) -> bool:
        return self.in_force_until is not None and on > self.in_force_until


@dataclass(frozen=True)
class Instruments:
    """All documents by id."""

    path: Path
    by_id: Mapping[str, Instrument]

    def find(self, citation: str) -> tuple[Instrument, Clause] | None:
        instrument = self.by_id.get(citation.split("-", 1)[0])
        clause = instrument.clauses.get(citation) if instrument else None
        return (instrument, clause) if instrument and clause else None

    def resolve(self, citation: str) -> Citation:
        """Title and number of the document and the clause's note; DrgError where there is none."""
        found = self.find(citation)
        if found is None:
            raise DrgError(
                f"Citation {citation!r} is not in {self.path.name}{self.nearest(citation)}.",
                remedy=f"Correct the citation, or add the clause to {self.path.name}.",
            )
        instrument, clause = found
        return Citation(instrument.title, instrument.number, clause.note)

    def nearest(self, citation: str) -> str:
        """A hint to the clause that was probably meant."""
        known = [clause for instrument in self.by_id.values() for clause in instrument.clauses]
        near = difflib.get_close_matches(citation, known, n=1)
        return f" (near: {near[0]})" if near else ""


@dataclass(frozen=True)
class _File:
    describe: str
    instruments: tuple[Instrument, ...]

    def check(self, place: Place) -> None:
        where, ids = place.at("instruments"), [instrument.id for instrument in self.instruments]
        for twice in sorted({known for known in ids if known and ids.count(known) > 1}):
            where.fault(f"id {twice} stands twice: keep one of the two")
        for position, instrument in enumerate(self.instruments, 1):
            if instrument.annex_of and instrument.annex_of not in ids:
                where.item(position).at("annex_of").fault(
                    f"{instrument.annex_of!r} is not listed: name the id of the main document"
                )


def load_instruments(path: Path) -> Instruments:
    """Reads the list; all its faults come in one DrgError."""
    found = load(_File, path, f"The instruments in {path} cannot be used.")
    return Instruments(path, {instrument.id: instrument for instrument in found.instruments})
