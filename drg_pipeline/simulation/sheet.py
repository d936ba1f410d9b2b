"""Lays out what was compared and what was tried as rows of text, for a terminal and for the page alike.

Only words and places are chosen here; every figure is as the comparison has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from drg_pipeline import messages
from drg_pipeline.lake.compare import CHANGED
from drg_pipeline.periods import span
from drg_pipeline.policy.parameter import OPEN
from drg_pipeline.reports.figures import exact
from drg_pipeline.simulation.compare import PARTS, Compared
from drg_pipeline.simulation.differences import Difference
from drg_pipeline.simulation.simulate import Simulated

_DIFFERENCE, _CHANGE = PARTS[2:]


@dataclass(frozen=True)
class Head:
    """The head of a column: numbers stand to the right, signed ones say in which direction they go."""

    text: str
    number: bool = False
    signed: bool = False


@dataclass(frozen=True)
class Sheet:
    """A table of texts; `more` rows are left out of its middle."""

    title: str
    heads: Sequence[Head]
    rows: Sequence[Sequence[str]]
    footer: Sequence[str] = field(default_factory=tuple)
    more: int = 0


def sheet_of(compared: Compared, lang: str, about: str, *, whole: bool) -> Sheet:
    """The main figure of both lakes and the differences of the others; `whole`: every row, else both ends."""
    asked = compared.asked
    columns = [(name, Head(heads[lang])) for name, heads in asked.names.items() if lang in heads]
    parts = [(asked.main, part) for part in PARTS]
    parts += [(figure, _DIFFERENCE) for figure in asked.figures if figure != asked.main]
    for figure, part in parts:
        title = messages.text(f"simulate.{part}", lang, figure=asked.figures[figure][lang])
        head = Head(title, number=True, signed=part in (_DIFFERENCE, _CHANGE))
        columns.append((f"{figure}_{part}", head))
    places = [compared.column(name) for name, _ in columns]
    ends = len(compared.rows) if whole else asked.ends
    shown = list(compared.rows[:ends]) + list(compared.rows[max(len(compared.rows) - ends, ends) :])
    totals = compared.totals()
    footer = ["Σ", *(_cell(totals.get(name), name, head, "") for name, head in columns[1:])]
    heads = [head for _, head in columns]
    return Sheet(
        asked.title[lang].format(span=about),
        heads,
        [[_cell(row[place], name, head) for place, (name, head) in zip(places, columns)] for row in shown],
        footer if totals and len(compared.rows) > 1 else (),
        more=len(compared.rows) - len(shown),
    )


def _cell(value: Any, name: str, head: Head, empty: str = "—") -> str:
    if value is None:
        return empty
    percent = head.signed and name.endswith(f"_{_CHANGE}")
    told = exact(value, percent)
    return f"+{told}" if head.signed and isinstance(value, int | Decimal) and value > 0 else told


def tried_sheet(simulated: Simulated, lang: str) -> Sheet:
    """Every value that is tried: where it stands, old, new, when, and the clause it departs from."""
    names = ("table", "row", "column", "old", "new", "periods", "law")
    return Sheet(
        messages.text("simulate.tried", lang),
        [Head(messages.text(f"simulate.head.{name}", lang)) for name in names],
        [_tried(simulated, difference, lang) for difference in simulated.differences],
    )


def _tried(simulated: Simulated, difference: Difference, lang: str) -> list[str]:
    empty = messages.text("policy.empty", lang)
    absent = messages.text("simulate.no_row", lang)
    sides = [difference.old, difference.new]
    if difference.what == CHANGED:
        told = [empty if side is None else _short(side) for side in sides]
    else:
        told = [absent if side is None else side for side in sides]
    return [
        difference.table,
        difference.row,
        difference.column,
        *told,
        span(difference.periods),
        ", ".join(_clause(simulated, law, lang) for law in difference.law)
        or messages.text("simulate.of_files", lang),
    ]


def _short(text: str) -> str:
    """A decimal without the zeros that its type appends."""
    return (
        text.rstrip("0").rstrip(".")
        if "." in text and text.replace(".", "").lstrip("-").isdecimal()
        else text
    )


def _clause(simulated: Simulated, law: str, lang: str) -> str:
    if law == OPEN:
        return messages.text("simulate.open_law", lang)
    citation = simulated.region.pack.instruments.resolve(law)
    return f"{law} ({citation.number}, {citation.note})"
