"""The account of a claim: its SELECTs give lines of one shape, with words in both languages.

What the lines say is worked by hand in `golden/accounts`.
"""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp
from support.edits import edited

from drg_pipeline.errors import DrgError
from drg_pipeline.reports.account import Line
from drg_pipeline.reports.words import WORDS_FILE, load_words
from drg_pipeline.settings import PROJECT
from drg_pipeline.sql.account import Explanation, read_explanation
from drg_pipeline.sql.header import split_header
from drg_pipeline.sql.model import Reader
from drg_pipeline.sql.project import Project

WORDS = PROJECT / "data" / "interface" / WORDS_FILE
LABEL = re.compile(r"[a-z]+\.[a-z_]+")
FIELDS = set(Line.__dataclass_fields__)


def literals(sql: str) -> set[str]:
    found = sqlglot.parse_one(sql, read="duckdb").find_all(exp.Literal)
    return {literal.this for literal in found if literal.is_string}


def test_every_label_has_words_and_every_word_a_label(whole: Project) -> None:
    words = load_words(WORDS)
    said: set[str] = set()
    for explanation in whole.explanations.values():
        if explanation.section:
            said |= {text for text in literals(explanation.sql) if LABEL.fullmatch(text)}
    assert said == words.labels.keys()


def test_a_section_gives_claim_version_and_lines(whole: Project) -> None:
    placed: dict[int, list[Explanation]] = {}
    for explanation in whole.explanations.values():
        if explanation.section:
            assert explanation.columns == ("setl_id", "dcla_time", "lines"), explanation.id
            assert set(explanation.section.title) == {"en", "zh"}, explanation.id
            placed.setdefault(explanation.section.order, []).append(explanation)
            tree = sqlglot.parse_one(explanation.sql, read="duckdb")
            keys = {pair.this.name for line in tree.find_all(exp.Struct) for pair in line.expressions}
            assert {"label", "law"} <= keys <= FIELDS, explanation.id
    assert placed
    for here in placed.values():
        # Two sections of one place are told of by regions of different methods.
        for one, other in combinations(here, 2):
            shared = one.when.keys() & other.when.keys()
            assert any(not {*one.when[choice]} & {*other.when[choice]} for choice in shared), (
                one.id,
                other.id,
            )


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("unit: yuan}", "unit: pence}", "'pence' stands nowhere below"),
        ("words: grouping_source}", "words: nothing}", "'nothing' stands nowhere below"),
        ("{en: Total fee F, zh: 总费用 F, unit: yuan}", "{en: Total fee F, unit: yuan}", "zh: missing key"),
        ("  index: claims.version_index\n", "", "index: missing key"),
    ],
)
def test_a_broken_file_of_words_is_refused(tmp_path: Path, old: str, new: str, fault: str) -> None:
    broken = edited(WORDS, old, new, tmp_path / WORDS_FILE)
    with pytest.raises(DrgError, match=re.escape(fault)):
        load_words(broken)


@pytest.mark.parametrize(
    ("section", "faults"),
    [
        ("3", ["section: must be a mapping with the keys order, title, optional; found '3'"]),
        ("{order: 3}", ["section.title: missing key: add it"]),
        (
            "{order: third, title: {en: A}, place: 1}",
            [
                "section.place: unknown key: known here: order, title, optional",
                "section.order: 'third' is not a whole number: write it in digits",
                "section.title.zh: missing key: add it",
            ],
        ),
    ],
)
def test_a_section_without_its_place_is_refused(tmp_path: Path, section: str, faults: list[str]) -> None:
    path = tmp_path / "why.sql"
    path.write_text(
        f"/*---\ndescribe: Says why.\nsection: {section}\n---*/\nselect 1 as id\n", encoding="utf-8"
    )
    reader = Reader(split_header, {}, [])
    read_explanation(reader, path)
    assert [str(fault).removeprefix("why: ") for fault in reader.faults] == faults
