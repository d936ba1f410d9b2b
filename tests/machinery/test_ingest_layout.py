"""The layout of the claim files: what it promises, and what its loader refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from drg_pipeline.errors import DrgError
from drg_pipeline.ingest.layout import LAYOUT_FILE, load_layout
from drg_pipeline.settings import PROJECT

GOOD = """
version: 1
files:
  visit:
    describe: One visit
    required: true
    columns:
      id: {type: text, required: true, value_required: true, meaning: Key}
"""


def load(tmp_path: Path, text: str):
    path = tmp_path / LAYOUT_FILE
    path.write_text(text, encoding="utf-8")
    return load_layout(path)


def test_the_layout_has_the_files_and_required_columns_of_the_rulebook():
    layout = load_layout(PROJECT / "data" / "interface" / LAYOUT_FILE)
    assert {file.name: file.required for file in layout.files} == {
        "setlinfo": True,
        "diseinfo": True,
        "oprninfo": True,
        "payinfo": True,
        "iteminfo": True,
        "drginfo": False,
    }
    assert [column.name for column in layout.file("setlinfo").columns if column.required] == [
        "setl_id", "fixmedins_code", "psn_no", "gend", "brdy", "insutype", "insuplc",
        "adm_time", "dscg_time", "setl_end_date", "dcla_time", "medfee_sumamt",
    ]  # fmt: skip
    personal = {column.name: column.personal for column in layout.file("setlinfo").columns if column.personal}
    assert personal == {"psn_no": "pseudonym", "brdy": "mask"}
    for file in layout.files:
        needed = {column.name for column in file.columns if column.value_required}
        amounts = {column.name for column in file.columns if column.required and column.kind == "amount"}
        assert needed == {"setl_id", "dcla_time"} | amounts
        assert all(column.meaning for column in file.columns)


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("version: 1", "version: 1\nversion: 2", "line 3: key version stands twice (first in line 2)"),
        ("version: 1", "vintage: 1", "claim_files.yml: vintage: unknown key: known here: version, files"),
        ("version: 1", "", "claim_files.yml: version: missing key: add it"),
        (
            "type: text",
            "type: money",
            "files.visit.columns.id.type: 'money' is not one of: text, date, timestamp, whole, amount",
        ),
        (
            "meaning: Key",
            "sense: Key",
            "files.visit.columns.id.sense: unknown key: known here: type, meaning, required",
        ),
        (
            "required: true, value",
            "required: yes, value",
            "files.visit.columns.id.required: 'yes' is not one of: true, false",
        ),
        (
            "required: true, value_required: true",
            "value_required: true",
            "files.visit.columns.id: value_required needs required",
        ),
        ("required: true, value_required: true, ", "", "files.visit: no required column"),
        (
            "meaning: Key",
            "personal: hidden, meaning: Key",
            "files.visit.columns.id.personal: 'hidden' is not one of: pseudonym, mask",
        ),
        ("type: text", "type: date, personal: pseudonym", "files.visit.columns.id: only a text column"),
        ("id: {", "'Id ': {", "files.visit.columns.Id : 'Id': a name has lower-case letters"),
        ("files:", "files: [", "not a layout"),
    ],
)
def test_a_broken_layout_is_refused_with_the_place_of_the_mistake(tmp_path, old, new, what):
    assert old in GOOD
    with pytest.raises(DrgError) as error:
        load(tmp_path, GOOD.replace(old, new, 1))
    assert what in str(error.value)


def test_all_mistakes_of_a_layout_are_told_at_once(tmp_path):
    with pytest.raises(DrgError) as error:
        load(tmp_path, GOOD.replace("type: text", "type: money").replace("version: 1", "vintage: 1"))
    assert len(error.value.faults) == 3


def test_a_missing_layout_is_told(tmp_path):
    with pytest.raises(DrgError, match="No such file"):
        load_layout(tmp_path / LAYOUT_FILE)
