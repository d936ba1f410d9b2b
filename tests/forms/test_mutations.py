"""Whatever stands in a file of ours, its reader has an answer: what the file says, or a DrgError with faults.

Files of the project are changed at random places: a value of another kind, a key too few, too many or misspelt. What
a reader must answer to one certain mistake stands in the tests of its file.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import yaml
from support.harness import Bench
from support.mutation import Node, changed
from support.small_project import write_model, write_project, write_table

from drg_pipeline.closings.difference import load_asked
from drg_pipeline.commands.pages import Examples
from drg_pipeline.errors import DrgError
from drg_pipeline.forms import Place, load, read_yaml
from drg_pipeline.grouping.case_layout import load_case_layout
from drg_pipeline.ingest.layout import load_layout
from drg_pipeline.ingest.reference_layout import load_reference_layout
from drg_pipeline.policy import load_instruments, load_pack
from drg_pipeline.reports.charts import load_charts
from drg_pipeline.reports.pages import load_pages
from drg_pipeline.reports.sheets import load_sheets
from drg_pipeline.reports.words import load_words
from drg_pipeline.settings import PROJECT
from drg_pipeline.simulation.comparison import load_comparisons
from drg_pipeline.sql.lists import read_columns, read_layers
from drg_pipeline.sql.methods import methods_before
from drg_pipeline.sql.project import Project
from drg_pipeline.synthetic.parameters import PARAMETERS, parameters

INTERFACE, MODELS = PROJECT / "data" / "interface", PROJECT / "dbt_like_sql"
MANY = 30

READERS: dict[Path, Callable[[Path, Project], object]] = {
    INTERFACE / "claim_files.yml": lambda path, _: load_layout(path),
    INTERFACE / "reference_files.yml": lambda path, _: load_reference_layout(path),
    INTERFACE / "scheme_files.yml": lambda path, _: load_reference_layout(path),
    INTERFACE / "case_file.yml": lambda path, _: load_case_layout(path),
    INTERFACE / "charts.yml": load_charts,
    INTERFACE / "closings.yml": lambda path, _: load_asked(path),
    INTERFACE / "examples.yml": lambda path, _: load(Examples, path, "no"),
    INTERFACE / "explain.yml": lambda path, _: load_words(path),
    INTERFACE / "simulate.yml": load_comparisons,
    INTERFACE / "pages/month.yml": lambda path, project: load_pages(
        path.parent, load_sheets(MODELS), load_charts(INTERFACE / "charts.yml", project)
    ),
    MODELS / "layers.yml": lambda path, _: read_layers(path.parent),
    MODELS / "columns.yml": lambda path, _: read_columns(path.parent),
    MODELS / "methods.yml": lambda path, _: methods_before(path.parent),
    PROJECT / "data/policy/instruments.yml": lambda path, _: load_instruments(path),
    PARAMETERS: lambda path, _: parameters(path),
}


def content_of(path: Path) -> Node:
    content = read_yaml(path, Place(path.name))
    assert isinstance(content, dict | list)
    return content


def written(path: Path, tree: Node) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(tree, allow_unicode=True, sort_keys=False, width=10_000), encoding="utf-8")


def answers(read: Callable[[], object], done: str) -> bool:
    """Whether the reader had nothing against it; anything but a DrgError with faults fails."""
    try:
        read()
    except DrgError as error:
        assert error.faults, done
        assert all(len(str(fault)) < 5000 for fault in error.faults), done
        return False
    except Exception as error:
        error.add_note(done)
        raise
    return True


@pytest.mark.parametrize("path", READERS, ids=lambda path: path.name)
def test_a_changed_file_is_read_or_refused(bench: Bench, tmp_path: Path, path: Path) -> None:
    content, chance = content_of(path), random.Random(path.name)
    copied = tmp_path / path.parent.name / path.name
    if path == PARAMETERS:
        shutil.copytree(path.parent, copied.parent, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    written(copied, content)
    assert answers(lambda: READERS[path](copied, bench.project), "as it is")
    for _ in range(MANY):
        tree, done = changed(content, chance)
        written(copied, tree)
        answers(lambda: READERS[path](copied, bench.project), done)


HEADER = {
    "describe": "a model",
    "grain": ["id"],
    "partition": "month",
    "sealed": True,
    "keeps": {"early.entry": ["id"]},
    "reads": {"early.entry": {"months": [-1, 0], "within_year": True}},
    "nullable": ["n"],
    "checks": [{"id": "positive", "expect": "n > 0", "describe": "It is.", "when": {"way": ["short"]}}],
    "law": ["JY-1"],
    "when": {"way": "short"},
}
TABLE = {
    **HEADER,
    "gather": "union",
    "member": "kind",
    "may_be_empty": True,
    "listed_in": {"table": "a.b", "column": "c"},
}
CHOICES = {
    "way": {"describe": "w", "before": "short", "methods": {"short": {"describe": "s", "title": "短"}}}
}


def test_a_changed_header_is_read_or_refused(tmp_path: Path) -> None:
    chance = random.Random("header")
    entry = "select 1 as id, 2 as n, '2025-01' as month"
    section = {"describe": "why", "section": {"order": 3, "title": {"en": "A", "zh": "甲"}, "optional": True}}
    for turn in range(MANY):
        folder = write_project(tmp_path / str(turn), {"early.entry": entry})
        written(folder / "methods.yml", CHOICES)
        header, done = changed(HEADER, chance)
        write_model(
            folder / "early/one.sql",
            header,
            "select id, n, month from early.entry",
        )
        table, more = changed(TABLE, chance)
        write_table(folder, "early.many", table, {"a": ({}, "select id, n, month from early.entry")})
        (folder / "early/account").mkdir()
        told, most = changed(section, chance)
        write_model(folder / "early/account/why.sql", told, "select id from early.entry")
        answers(partial(Project, folder), f"{done}; {more}; {most}")


@pytest.mark.parametrize("name", ["pack.yml", "pricing.yml", "clearing.yml"])
def test_a_changed_file_of_the_law_is_read_or_refused(tmp_path: Path, name: str) -> None:
    for folder in ("base", "jiyuan"):
        shutil.copytree(PROJECT / "data/policy" / folder, tmp_path / folder)
    shutil.copy(PROJECT / "data/policy/instruments.yml", tmp_path)
    path, chance = tmp_path / "jiyuan" / name, random.Random(name)
    content = content_of(path)
    for _ in range(MANY // 8):
        tree, done = changed(content, chance)
        written(path, tree)
        answers(lambda: load_pack(tmp_path / "jiyuan"), done)


@pytest.mark.parametrize(
    "content",
    [
        b"\0",
        b"\xff\xfe",
        b"[" * 100_000,
        b"a: &a [*a]",
        b"",
        b"- a",
        b"a: 1\na: 2",
        b"!!python/name:os.system x",
    ],
    ids=["nul", "utf16", "nested", "alias", "empty", "list", "twice", "tag"],
)
@pytest.mark.parametrize("path", READERS, ids=lambda path: path.name)
def test_a_hostile_file_is_refused(bench: Bench, tmp_path: Path, path: Path, content: bytes) -> None:
    copied = tmp_path / path.parent.name / path.name
    copied.parent.mkdir()
    copied.write_bytes(content)
    assert not answers(lambda: READERS[path](copied, bench.project), "hostile")


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "early.bad: is not a model file"),
        (b"select 1 as id", "early.bad: is not a model file"),
        (b"/*---\n---*/\nselect 1 as id", "early.bad: is not a model file"),
        (b"/*---\n\n---*/\nselect 1 as id", "early.bad: is empty: fill it in or remove it"),
        (b"/*---\n- a\n---*/\nselect 1 as id", "early.bad: the header must be a mapping; found a list"),
        (b"/*---\na: b: c\n---*/\nselect 1 as id", "early.bad: line 2, column 5: not valid YAML"),
        (
            b"/*---\ngrain: [id]\ngrain: [n]\n---*/\nselect 1 as id",
            "early.bad: line 3: key grain stands twice (first in line 2)",
        ),
        (b"/*---\na: \xff\n---*/\nselect 1 as id", "early.bad: is not UTF-8 (byte 9)"),
        (b"/*---\na: \0\n---*/\nselect 1 as id", "early.bad: not valid YAML (unacceptable character #x0000"),
        (
            b"/*---\na: " + b"[" * 100_000 + b"\n---*/\nselect 1 as id",
            "early.bad: line 2: stands more than 32 levels deep",
        ),
        (
            b"/*---\ndescribe: d\n---*/\nselect " + b"(" * 100_000 + b"1 as id",
            "early.bad: cannot be read as SQL: it is nested too deeply",
        ),
        (b"/*---\ndescribe: d\n---*/\nselect '", "early.bad: cannot be read as SQL"),
        (b"/*---\ndescribe: d\n---*/\n", "early.bad: is not one SELECT"),
    ],
)
def test_a_hostile_model_is_refused(tmp_path: Path, content: bytes, fault: str) -> None:
    folder = write_project(tmp_path, {"early.first": "select 1 as id, 2 as n"})
    (folder / "early" / "bad.sql").write_bytes(content)
    with pytest.raises(DrgError) as caught:
        Project(folder)
    assert any(str(one).startswith(fault) for one in caught.value.faults), str(caught.value)[:500]
