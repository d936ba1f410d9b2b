"""The normal form of coded values: the SQL against a plain reading of the rule, and what a delivery makes of it."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import get_args

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.claim_files import LAYOUT, PAY, T, read

from drg_pipeline.ingest.spelling import Spelling, normal_sql, usual_sql

SPELLINGS = get_args(Spelling)
LOST = r"[+-]?([0-9]+[.][0-9]*[eE][+-]?[0-9]+|[0-9]+[eE][+-][0-9]+|[0-9]{16,}[.]0+)"


def around(char: str) -> bool:
    return unicodedata.category(char)[0] == "Z" or unicodedata.category(char) in ("Cc", "Cf")


def stripped(text: str) -> str:
    start, end = 0, len(text)
    while start < end and around(text[start]):
        start += 1
    while end > start and around(text[end - 1]):
        end -= 1
    return text[start:end]


def narrow(char: str) -> str:
    if "\uff01" <= char <= "\uff5e":
        return chr(ord(char) - 0xFEE0)
    return " " if char == "\u3000" else char


def plain_reading(spelling: str, text: str, identifier: bool = False) -> str | None:
    """The rule, step by step, as a person reads it."""
    if spelling == "name":
        return stripped(text) or None
    text = stripped("".join(map(narrow, text)))
    if text.startswith("'"):
        text = stripped(text[1:])
    if identifier and re.fullmatch(LOST, text):
        return None
    if spelling == "digits" and re.fullmatch("[0-9]+[.]0+", text):
        text = text.split(".")[0]
    if spelling in ("upper", "clinical"):
        text = "".join(char.upper() if char.isascii() else char for char in text)
    if spelling == "clinical":
        text = text[:1] + text[1:].replace("X", "x")
    return text or None


CON = cache(duckdb.connect)


def rows(select: str, texts: list[str | None]) -> list[tuple]:
    return CON().execute(f"{select} FROM (SELECT unnest(?::VARCHAR[]) AS t)", [texts]).fetchall()


def normal(spelling: Spelling, texts: list[str | None], identifier: bool = False) -> list[str | None]:
    return [row[0] for row in rows(f"SELECT {normal_sql(spelling, 't', identifier=identifier)}", texts)]


# What the database's tables of characters know and Python's do not yet is left out.
CHARACTERS = st.one_of(
    st.sampled_from("01X xae.'’\t\n\u3000\u00a0\ufeff\u200b\u2028＇Ｘ１．ｅ0eE+-9中İßｚ（〔"),
    st.characters(exclude_categories=["Cs", "Cn"], exclude_characters="\0"),
)
CELLS = st.lists(
    st.one_of(
        st.text(CHARACTERS, max_size=8),
        st.from_regex(r"[ ']?[+-]?[0-9]{1,18}[.]?[0-9]{0,3}([eE][+-]?[0-9]{1,2})?[ ]?", fullmatch=True),
        st.from_regex(r"[A-Za-zＡ-Ｚ][0-9]{2}[.]?[xX]?[0-9]{0,3}", fullmatch=True),
    ),
    min_size=1,
    max_size=40,
)


@pytest.mark.parametrize("spelling", SPELLINGS)
@settings(max_examples=40, deadline=None)
@given(CELLS)
def test_the_normal_form_is_that_of_the_rule(spelling, texts):
    assert normal(spelling, texts) == [plain_reading(spelling, text) for text in texts]


@settings(max_examples=40, deadline=None)
@given(CELLS)
def test_an_id_that_has_lost_digits_is_none(texts):
    assert normal("digits", texts, identifier=True) == [plain_reading("digits", t, True) for t in texts]


@pytest.mark.parametrize("spelling", SPELLINGS)
@settings(max_examples=40, deadline=None)
@given(CELLS)
def test_a_normal_form_is_its_own(spelling, texts):
    # One apostrophe goes and no second: a form that begins with one would lose it if it came as a cell.
    once = [text for text in normal(spelling, texts) if text and not text.startswith("'")]
    assert normal(spelling, once) == once


@pytest.mark.parametrize("spelling", SPELLINGS)
@settings(max_examples=40, deadline=None)
@given(CELLS)
def test_what_is_usual_is_its_own_normal_form(spelling, texts):
    for text, usual in rows(f"SELECT t, {usual_sql(spelling, 't')}", texts):
        assert not usual or plain_reading(spelling, text, identifier=spelling == "digits") == text


@pytest.mark.parametrize(
    ("spelling", "given", "read_as"),
    [
        ("digits", " ＇４１９００１．00 ", "419001"),
        ("digits", "''419001", "'419001"),
        ("digits", "\ufeff310.0", "310"),
        ("digits", "1.5", "1.5"),
        ("digits", "41E001", "41E001"),
        ("digits", "\u200b\t", None),
        ("upper", "h4190010000３", "H41900100003"),
        ("upper", "n/a", "N/A"),
        ("clinical", "i10.X00X002", "I10.x00x002"),
        ("clinical", "x59.9", "X59.9"),
        ("plain", "Ａ03　", "A03"),
        ("plain", "内科，一区", "内科,一区"),
        ("name", "\u3000济渎（人民）医院\u00a0", "济渎（人民）医院"),
    ],
)
def test_a_spelling(spelling, given, read_as):
    assert normal(spelling, [given, None]) == [read_as, None]


@pytest.mark.parametrize(
    "text", ["4.19001E+15", "4.19e15", "-4.E5", "4E-05", "4190010000005819.0", "'4.1E+17", "４．１Ｅ＋１７"]
)
def test_a_number_that_has_lost_digits_names_nothing(text):
    assert normal("digits", [text], identifier=True) == [None]


# --- in a delivery ---------------------------------------------------------------------------


def test_every_text_of_a_delivery_has_a_spelling():
    assert {c.spelling is None for f in LAYOUT.files for c in f.columns if c.kind == "text"} == {False}


@pytest.mark.parametrize("file", [file.name for file in LAYOUT.files])
def test_a_claim_whose_id_has_lost_digits_is_rejected_in_every_file(tmp_path, file):
    columns = [c for c in LAYOUT.file(file).columns if c.required]
    good = {"text": "1", "date": "2025-01-05", "timestamp": T, "whole": "1", "amount": "1.00"}
    ids = ["S1", "4.19001E+15", "4190010000005819.0", "4.19001e15"]
    lines = [",".join(c.name for c in columns)]
    lines += [",".join(one if c.name == "setl_id" else good[c.kind] for c in columns) for one in ids]
    found = read(tmp_path, "\n".join(lines) + "\n", file)
    assert found.values("setl_id") == [("S1",)]
    told = "a number that has lost digits, not an id"
    assert found.rejected == [(line, "setl_id", one, told) for line, one in enumerate(ids[1:], 3)]


def test_cells_are_read_in_their_normal_form_and_kept_as_they_came(tmp_path):
    rows = (f" S1,{T},310100 ,1", f"S2,{T},３１０１００,1", f"S3,{T},310100,1", f"'S4,{T},'310100.0,1")
    found = read(tmp_path, f"{PAY}\n" + "\n".join(rows) + "\n")
    assert found.values("setl_id", "fund_pay_type") == [(f"S{n}", "310100") for n in (1, 2, 3, 4)]
    assert [
        row["respelled"] and [tuple(cell.values()) for cell in row["respelled"]] for row in found.rows
    ] == [
        [("setl_id", " S1"), ("fund_pay_type", "310100 ")],
        [("fund_pay_type", "３１０１００")],
        None,
        [("setl_id", "'S4"), ("fund_pay_type", "'310100.0")],
    ]
    assert found.counts.respelled == 5


PERSON = "setl_id,fixmedins_code,psn_no,gend,brdy,insutype,insuplc,adm_time,dscg_time,setl_end_date,dcla_time,medfee_sumamt,mdtrt_id"


def person(psn: str, visit: str = "M1") -> str:
    return f"S1,H1,{psn},1,1960-01-01,310,419001,{T},{T},2025-01-05,{T},1.00,{visit}"


def test_a_person_is_the_same_however_the_number_is_written(tmp_path):
    written = ["P1", " P1", "'P1", "Ｐ１", "P1\u3000", "\u200bP1"]
    found = read(tmp_path, "\n".join([PERSON, *map(person, written), ""]), "setlinfo")
    assert len({row["psn_no"] for row in found.rows}) == 1
    shown = [cell for row in found.rows for cell in row["respelled"] or []]
    assert shown == [{"column_name": "psn_no", "given": "***"}] * 5


def test_a_person_and_a_visit_that_have_lost_digits_count_as_empty(tmp_path):
    text = "\n".join([PERSON, person("4.19E+17", "4.1E+17"), person(" ", "\u3000"), ""])
    found = read(tmp_path, text, "setlinfo")
    assert found.values("psn_no", "mdtrt_id") == [(None, None)] * 2
    assert [len(row["respelled"]) for row in found.rows] == [2, 2]


def test_a_value_in_the_form_of_a_query_stays_a_value(tmp_path):
    hostile = "'); DROP TABLE x; --"
    found = read(tmp_path, f'{PAY}\nS1,{T},"{hostile}",1\n')
    assert found.values("fund_pay_type") == [("); DROP TABLE x; --",)]
