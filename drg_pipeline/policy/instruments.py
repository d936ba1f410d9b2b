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
from typing import Any, NamedTuple

from drg_pipeline.errors import DrgError
from drg_pipeline.forms import Place, read_yaml
from drg_pipeline.policy.value_type import parse_date

# computed or checked, report or page, needs an input file, organisational
KINDS = ("C", "R", "I", "O")


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
    """One citable place of a document; `kinds` only on whole articles (None on their parts)."""

    id: str
    note: str
    kinds: tuple[str, ...] | None


@dataclass(frozen=True)
class Instrument:
    """One document. `in_force_until` is its last day (None: open); `needs_confirmation` is what a
    person has still to look up, empty where nothing is open."""

    id: str
    number: str
    title: str
    issuer: str
    annex_of: str | None
    issued: date | None
    in_force_from: date
    in_force_until: date | None
    needs_confirmation: str
    clauses: Mapping[str, Clause]

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

    def past_their_end(self, on: date) -> list[Instrument]:
        """The documents whose period is over on that day: to be renewed or confirmed."""
        return [instrument for instrument in self.by_id.values() if instrument.past_its_end(on)]


def load_instruments(path: Path) -> Instruments:
    """Reads the list; all its faults come in one DrgError."""
    place = Place(path.name)
    content = read_yaml(path, place)
    listed: list[Instrument] = []
    if content is not None:
        top = place.mapping(content, ["describe", "instruments"])
        where = place.at("instruments")
        for position, node in enumerate(where.sequence(top.get("instruments", []), "instruments"), 1):
            listed.append(_instrument(where.item(position), node))
    ids = [instrument.id for instrument in listed]
    for twice in sorted({known for known in ids if known and ids.count(known) > 1}):
        place.at("instruments").fault(f"id {twice} stands twice: keep one of the two")
    for position, instrument in enumerate(listed, 1):
        if instrument.annex_of is not None and instrument.annex_of not in ids:
            place.at("instruments").item(position).at("annex_of").fault(
                f"{instrument.annex_of!r} is not listed: name the id of the main document"
            )
    if place.faults:
        raise DrgError(
            f"The instruments in {path} cannot be used.",
            place.faults,
            remedy="Mend the file and run again; drg policy check shows what is left.",
        )
    return Instruments(path, {instrument.id: instrument for instrument in listed})


def _instrument(place: Place, node: Any) -> Instrument:
    keys = place.mapping(
        node,
        [
            "id",
            "number",
            "title",
            "issuer",
            "issued",
            "in_force_from",
            "in_force_until",
            "needs_confirmation",
            "clauses",
        ],
        ["annex_of"],
    )

    def text(key: str) -> str:
        return place.at(key).text(keys[key]) if key in keys else ""

    def day(key: str, *, empty: bool) -> date | None:
        if key not in keys or (empty and keys[key] is None):
            return None
        try:
            return parse_date(str(keys[key]))
        except ValueError as error:
            place.at(key).fault(str(error))
            return None

    name = text("id")
    if name and not re.fullmatch(r"[A-Z]+", name):
        place.at("id").fault(f"{name!r} must be capital letters only: clause ids begin with it")
    starts, ends = day("in_force_from", empty=False), day("in_force_until", empty=True)
    if starts and ends and ends < starts:
        place.at("in_force_until").fault(f"{ends} lies before in_force_from {starts}: correct one of the two")
    clauses = _clauses(place.at("clauses"), keys["clauses"], name) if "clauses" in keys else {}
    return Instrument(
        id=name,
        number=text("number"),
        title=text("title"),
        issuer=text("issuer"),
        annex_of=text("annex_of") if "annex_of" in keys else None,
        issued=day("issued", empty=True),
        in_force_from=starts or date.max,
        in_force_until=ends,
        needs_confirmation=text("needs_confirmation") if keys.get("needs_confirmation") is not None else "",
        clauses=clauses,
    )


def _clauses(place: Place, node: Any, instrument: str) -> dict[str, Clause]:
    clauses: dict[str, Clause] = {}
    for name, content in place.named(node, "clauses").items():
        here = place.at(name)
        if instrument and not re.fullmatch(rf"{instrument}-[0-9A-Za-z]+(-[0-9A-Za-z]+)*", name):
            here.fault(f"a clause id is {instrument}-<article>[-<part>…]: rename it")
        keys = here.mapping(content, ["note"], ["kind"])
        note = here.at("note").text(keys["note"]) if "note" in keys else ""
        kinds: tuple[str, ...] | None = None
        if "kind" in keys:
            kinds = tuple(here.at("kind").text(keys["kind"]).split())
            if unknown := [kind for kind in kinds if kind not in KINDS]:
                here.at("kind").fault(f"{' '.join(unknown)} is not among {', '.join(KINDS)}")
        clauses[name] = Clause(name, note, kinds)
    for name, clause in clauses.items():
        # A part hangs on a listed article and shares its kind; anything else counts as an article.
        is_part = any(name.startswith(f"{article}-") for article in clauses)
        if clause.kinds is None and not is_part:
            place.at(name).fault("an article needs its kind (C, R, I, O): add kind")
        if clause.kinds is not None and is_part:
            place.at(name).fault("a part takes the kind of its article: remove kind")
    return clauses
