"""The lines of an account as people read them, in one language: words, figures, law; and the account as data.

Says what the tree on a terminal and the page show; how they look is theirs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from drg_pipeline.policy.instruments import Citation, Instruments, article_of
from drg_pipeline.reports.account import Account, Line
from drg_pipeline.reports.words import Words

NOTHING = "—"
# A figure with decimals inside a filled-in formula; dates and ids have none.
FIGURE = re.compile(r"\d+(?=\.\d)")
WHOLE = re.compile(r"-?\d+")
# A filled-in text that is a condition, not a sum.
CONDITION = re.compile(r"[<>≤∉\[]")


@dataclass(frozen=True)
class Said:
    """A line in one language; what it does not have is empty.

    figure  its value is a number
    equals  its value is what `filled` comes to, not decided by it
    """

    text: str
    value: str
    unit: str
    name: str
    formula: str
    filled: str
    stored: str
    note: str
    law: str
    good: bool | None
    detail: bool
    figure: bool
    equals: bool


def say(words: Words, line: Line, lang: str) -> Said:
    """A line with its words and with the thousands of its figures grouped."""
    label = words.label(line.label)
    name = words.word(label.names, line.name, lang) if line.name else ""
    if name and label.with_:
        name = label.with_[lang].replace("{name}", name)
    value = line.value or ""
    if not value and not line.filled and line.good is None:
        value = NOTHING
    figure = bool(label.unit) or re.fullmatch(r"-?\d+\.\d+", value) is not None
    shown = grouped(value) if figure else words.word(label.words, value, lang)
    return Said(
        text=label.text[lang],
        value=shown,
        unit=words.units[label.unit][lang] if label.unit and value else "",
        name="" if name == shown else name,
        formula=label.formula[lang] if label.formula and line.filled else "",
        filled=grouped(line.filled or ""),
        stored=grouped(line.stored or "") if line.differs else "",
        note=line.note or "",
        law=line.law or "",
        good=False if line.differs else line.good,
        detail=bool(line.under),
        figure=figure,
        equals=figure and not CONDITION.search(line.filled or ""),
    )


def grouped(text: str) -> str:
    """A text with the thousands of its figures grouped."""
    if WHOLE.fullmatch(text):
        return f"{Decimal(text):,}"
    return FIGURE.sub(lambda found: f"{int(found[0]):,}", text)


def place_of(clause: str, cited: Citation, lang: str) -> str:
    """Document number and article of a clause."""
    return f"{cited.number} {_article(clause, lang)}".strip()


def cited_by(account: Account) -> list[str]:
    """Every clause that a line cites, each once, in the order of the lines."""
    found = (line.law for part in account.parts for line in part.lines if line.law)
    return list(dict.fromkeys(found))


def as_data(account: Account, words: Words, instruments: Instruments, lang: str) -> dict[str, Any]:
    """The account as JSON has it: the keys that data/interface/explain.yml lists, decimals as text."""
    return {
        "claim": account.claim,
        "version": account.version.isoformat(sep=" "),
        "month": str(account.month),
        "mark": account.mark,
        "agrees": not account.faults,
        "sections": [
            {
                "id": part.id,
                "title": part.title[lang],
                "lines": [_line(words, line, instruments, lang) for line in part.lines],
            }
            for part in account.parts
        ],
        "path": [_step(step) for step in account.steps] or None,
        "missing": [
            {"layer": gap.layer, "title": gap.title, "period": str(gap.period), "tables": [*gap.tables]}
            for gap in account.missing
        ],
    }


def _line(words: Words, line: Line, instruments: Instruments, lang: str) -> dict[str, Any]:
    said = say(words, line, lang)
    return {
        "label": line.label,
        "text": said.text,
        "value": line.value,
        "name": line.name,
        "unit": said.unit or None,
        "formula": said.formula or None,
        "filled": line.filled,
        "stored": line.stored,
        "good": line.good,
        "detail": bool(line.under),
        "note": line.note,
        "law": _law(line.law, instruments),
    }


def _law(clause: str | None, instruments: Instruments) -> dict[str, str | None] | None:
    if clause is None:
        return None
    cited = instruments.resolve(clause)
    return {
        "id": clause,
        "document": cited.number,
        "title": cited.title,
        "article": article_of(clause) or None,
        "note": cited.note,
    }


STEP = ("kind", "subject", "alternative", "predicate", "negated", "criterion", "holds", "codes", "note")


def _step(step: Mapping[str, Any]) -> dict[str, Any]:
    return {key: step[key] for key in STEP}


class Cited(NamedTuple):
    """A clause in a list: its id, its article, what it is about."""

    id: str
    article: str
    note: str


def law_list(clauses: Iterable[str], instruments: Instruments, lang: str) -> dict[str, list[Cited]]:
    """Clauses under their documents, by article."""
    listed: dict[str, list[Cited]] = {}
    for clause in sorted(clauses, key=lambda one: (one.split("-")[0], int(article_of(one) or 0), one)):
        found = instruments.resolve(clause)
        entry = Cited(clause, _article(clause, lang), found.note)
        listed.setdefault(f"{found.number}《{found.title}》", []).append(entry)
    return listed


def _article(clause: str, lang: str) -> str:
    article = article_of(clause)
    return (f"第{article}条" if lang == "zh" else f"art. {article}") if article else ""
