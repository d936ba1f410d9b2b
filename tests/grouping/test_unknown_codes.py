"""Codes that a scheme does not know, ages that nobody has, and gates that lost a code are told, not passed over."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest
from support.command import Drg
from support.edits import edited
from support.grouping import SCHEME, tiny_scheme

from drg_pipeline.errors import Fault
from drg_pipeline.grouping.scheme import LAYOUT_FILE, read_scheme
from drg_pipeline.grouping.scheme_head import LARGEST_HEAD, read_head
from drg_pipeline.ingest.reference_layout import load_reference_layout
from drg_pipeline.settings import PROJECT

HEADER = "case_id,sex,age_years,diagnoses,procedures\n"


def grouped(drg: Drg, folder: Path, rows: str, *options: str) -> tuple[str, dict[str, str]]:
    """What the command says of some cases, and each case's group or status."""
    (folder / "cases.csv").write_text(HEADER + rows, encoding="utf-8")
    out = folder / "out.csv"
    ended = drg("group", folder / "cases.csv", "--scheme", "starter", "--out", out, *options)
    assert ended.code == 0, ended.err
    with out.open(encoding="utf-8") as answers:
        return ended.out, {
            row["case_id"]: row["drg"] if row["status"] == "grouped" else row["status"]
            for row in csv.DictReader(answers)
        }


SPELLINGS = ["J96.000 ", "j96.000", "Ｊ96.000", "J96.000\t", "'J96.000", "\u200bJ96.000"]
OTHERS = ["J96000", "J96.0", "J96.000+", "J96.00O"]


def test_a_code_in_another_spelling_is_named_with_the_one_that_it_may_be(drg, tmp_path):
    rows = "".join(f"{at},2,71,I63.900|{code}|I10.x00,\n" for at, code in enumerate(SPELLINGS + OTHERS))
    said, answers = grouped(drg, tmp_path, f"good,2,71,I63.900|J96.000|I10.x00,\n{rows}")
    assert answers.pop("good") == "BR21" and set(answers.values()) == {"BR25"}  # exact, as before
    assert "does not know 10 codes. They stand in 10 places" in said
    listed = [line for line in said.splitlines() if line.startswith("diagnoses")]
    assert len(listed) == 10 and all(line.split()[-1] == "J96.000" for line in listed)
    assert "--normalise" in said


def test_normalised_codes_count_and_others_are_still_named(drg, tmp_path):
    rows = "".join(
        f"{at},2 ,71,{code}|I10.x00,\n"
        for at, code in enumerate(
            [f"I63.900|{code}" for code in SPELLINGS] + ["i63.900 |J96.000", "I63.900|J96.0"]
        )
    )
    said, answers = grouped(drg, tmp_path, rows, "--normalise")
    assert list(answers.values()) == ["BR21"] * 7 + ["BR25"]
    assert "does not know 1 codes" in said and "'J96.0'" in said and "--normalise" not in said


def test_the_list_is_bounded_and_says_nothing_where_nothing_is_near(drg, tmp_path):
    rows = "".join(f"{at},2,71,I63.900|Q{at:09}|\x1b[31mZ,\n" for at in range(100))
    said, _ = grouped(drg, tmp_path, rows, "--lang", "zh")
    assert "101 个，共出现 200 处" in said and "\x1b" not in said
    assert len([line for line in said.splitlines() if line.startswith("diagnoses")]) == 20
    told, _ = grouped(drg, tmp_path, "a,2,71,I63.900||I10.x00,\n")
    assert "does not know" not in told


def test_an_age_that_nobody_has_is_no_valid_input(drg, tmp_path):
    ages = [-3, 0, 150, 151, 200, 999999999999]
    _, answers = grouped(drg, tmp_path, "".join(f"age {age},2,{age},I63.900,\n" for age in ages))
    assert answers == {f"age {age}": "BR25" if age == 150 else "invalid_input" for age in ages}


def test_one_case_names_them_too(drg):
    given = ["--scheme", "starter", "--sex", "2", "--age", "71", "--dx", "I63.900|j96.000"]
    assert "'j96.000'" in drg("group", *given).out
    told = json.loads(drg("group", *given, "--json").out)
    assert told["unknown_codes"] == [
        {"column": "diagnoses", "code": "j96.000", "places": 1, "nearest": "J96.000", "spelling": True}
    ]
    assert json.loads(drg("group", *given, "--json", "--normalise").out)["drg"] == "BR21"


# --- schemes ---


def notes_of(folder: Path) -> list[str]:
    layout = load_reference_layout(PROJECT / "data" / "interface" / LAYOUT_FILE)
    return [note for note in read_scheme(folder, layout).notes if "no gate" in note]


def test_a_gate_that_lost_a_principal_diagnosis_is_noted(tmp_path):
    shutil.copytree(PROJECT / "data" / "schemes" / "starter", tmp_path / "starter")
    assert notes_of(tmp_path / "starter") == []
    edited(tmp_path / "starter" / "code_set.csv", "D0008,I63.900\n", "")
    notes = notes_of(tmp_path / "starter")
    assert all(note.endswith("(1): 'I63.900'") for note in notes)
    assert "adrg_rule.csv: BR2 asks for principal diagnoses that stand in no gate of MDCB" in {
        note.partition(",")[0] for note in notes
    }


def test_a_gate_that_asks_for_no_principal_diagnosis_lets_all_through(tmp_path):
    tiny = tiny_scheme(tmp_path / SCHEME)
    assert notes_of(tiny) == []


def test_a_head_without_end_is_refused_and_unknown_keys_are_counted(tmp_path):
    faults: list[Fault] = []
    assert read_head(b"\n" * (LARGEST_HEAD + 1), faults) is None
    assert [fault.what.partition(":")[0] for fault in faults] == [
        "has 262,145 bytes, and at most 262,144 are read"
    ]
    shutil.copytree(PROJECT / "data" / "schemes" / "starter", tmp_path / "starter")
    head = tmp_path / "starter" / "scheme.toml"
    text = head.read_text(encoding="utf-8")
    head.write_text("".join(f"a{at} = 1\n" for at in range(1000)) + text, encoding="utf-8")
    layout = load_reference_layout(PROJECT / "data" / "interface" / LAYOUT_FILE)
    notes = [note for note in read_scheme(tmp_path / "starter", layout).notes if "not read" in note]
    assert len(notes) == 6 and notes[-1] == "scheme.toml: 995 more keys are not of the layout, not read"


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("cases.csv", b"PK\x03\x04[Content_Types].xml", "an Excel workbook (.xlsx), not a CSV file"),
        ("cases.csv", b"PAR1", "a Parquet file, not a CSV file"),
        ("cases.parquet", b"<html>", "a page in HTML, as some systems export tables, not a Parquet file"),
        ("cases.csv", b"case_id;sex;diagnoses\na;1;I63.900\n", "separated by semicolons, not by commas"),
        (
            "cases.csv",
            "病例\ncase_id,sex,diagnoses\n".encode(),
            "line 1 is a title, and the header is line 2",
        ),
    ],
)
def test_a_case_file_that_is_none_says_what_it_is(drg, tmp_path, name, content, told):
    (tmp_path / name).write_bytes(content)
    ended = drg("group", tmp_path / name, "--scheme", "starter", "--out", tmp_path / "out.csv")
    assert ended.code == 1 and told in ended.err and not (tmp_path / "out.csv").exists()
