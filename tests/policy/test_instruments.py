"""The documents: what resolves, what is over, and that every article of the coverage list is there."""

from __future__ import annotations

import os
import re
from datetime import date
from pathlib import Path

import pytest

from drg_pipeline.errors import DrgError
from drg_pipeline.policy import Instruments, load_instruments

PATH = Path(__file__).parents[2] / "data" / "policy" / "instruments.yml"
ARTICLES = {"JY": 43, "JYX": 19, "SD": 45, "AQ": 15, "GD": 32, "PZH": 23}


@pytest.fixture(scope="module")
def instruments() -> Instruments:
    return load_instruments(PATH)


def test_a_citation_gives_title_number_and_note(instruments: Instruments) -> None:
    citation = instruments.resolve("JY-18-1-1")
    assert citation.title == "济源产城融合示范区按病组(DRG)付费管理办法(试行)"
    assert citation.number == "济管医保办〔2026〕2号"
    assert citation.note == "high-cost case"


@pytest.mark.parametrize("citation", ["", "JY", "JY-", "JY-44", "JY-18-1-4", "jy-18", "ZZ-1", "JY-18-1-1 "])
def test_what_is_no_clause_is_refused(instruments: Instruments, citation: str) -> None:
    with pytest.raises(DrgError, match=r"is not in instruments\.yml"):
        instruments.resolve(citation)


def test_every_article_is_listed(instruments: Instruments) -> None:
    for name, last in ARTICLES.items():
        clauses = instruments.by_id[name].clauses
        listed = {
            int(found.group(1)) for clause in clauses if (found := re.fullmatch(rf"{name}-(\d+)", clause))
        }
        assert listed == set(range(1, last + 1)), name


def test_periods_of_force(instruments: Instruments) -> None:
    def ended(on: date) -> list[str]:
        return [document.id for document in instruments.by_id.values() if document.past_its_end(on)]

    assert ended(date(2026, 1, 31)) == []
    assert ended(date(2026, 2, 1)) == ["PZH"]
    assert ended(date(2031, 5, 1)) == ["GD", "PZH"]
    assert instruments.by_id["JYX"].annex_of == "JY"


def coverage(folder: Path) -> dict[str, set[str]]:
    """Clause -> kinds, from the table of every article."""
    section = {"jiyuan": "JY", "shandong": "SD", "anqing": "AQ", "guangdong": "GD", "panzhihua": "PZH"}
    kinds: dict[str, set[str]] = {}
    others: list[tuple[str, set[str]]] = []
    document = ""
    for line in (folder / "design" / "coverage.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            document = section[line.split()[1]]
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not document or len(cells) != 4 or cells[0] in ("article", "---"):
            continue
        articles, kind = cells[0], set(re.findall(r"\b[CRIO]\b", cells[2]))
        if articles == "others":
            others.append((document, kind))
            continue
        prefix = document
        if articles.startswith("annex"):
            articles = articles.removeprefix("annex").strip()
            if articles.startswith("forms"):
                articles, prefix = "1–2", "JYX-F"
            else:
                prefix = "JYX" if document == "JY" else f"{document}-F"
        for part in articles.split(","):
            first, _, last = part.strip().partition("–")
            for number in range(int(first), int(last or first) + 1):
                name = f"{prefix}{number}" if prefix.endswith("F") else f"{prefix}-{number}"
                # A bracket after the kind narrows it to one article of the row.
                only = re.search(r"([CRIO])\((\d+):", cells[2])
                held = {only.group(1)} if only and only.group(2) != str(number) else set()
                kinds.setdefault(name, set()).update(kind - held)
    for document, kind in others:
        for number in range(1, ARTICLES[document] + 1):
            kinds.setdefault(f"{document}-{number}", kind)
    return kinds


def test_every_article_of_the_coverage_list_has_its_kind(instruments: Instruments) -> None:
    samples = os.environ.get("DRG_SAMPLES")
    if not samples:
        pytest.skip("DRG_SAMPLES is not set: the coverage list is not here to compare with")
    listed = {
        clause.id: set(clause.kind)
        for document in instruments.by_id.values()
        for clause in document.clauses.values()
        if clause.kind is not None
    }
    assert listed == coverage(Path(samples))
