"""Names of tables and columns follow docs/naming.md; those that do not are listed here, each with its reason."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlglot
import yaml
from sqlglot import exp
from support.expected import CONTRACT
from support.harness import Bench

from drg_pipeline.periods import MONTH, NONE, WHOLE, YEAR, Period
from drg_pipeline.settings import PROJECT

SNAKE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
SINGULAR = {"status", "class", "surplus", "diagnosis"}
TYPES = {"yuan": "decimal(18,2)", "points": "decimal(18,4)", "yuan per point": "decimal(18,6)"}
SUFFIXES = {"days": "_days", "years": "_years", "hours": "_hours", "g": "_g"}
# A column's name is part of the digest of its table: these change only where the rows of their table do.
STANDING = {
    "after_cut_off": "is_after_cut_off",
    "agrees": "is_equal",
    "comparable": "is_comparable",
    "deadline_from": "deadline_from_on",
    "decided_on": "deciding_trim: it is no day",
    "kept_first": "is_kept_by_first",
    "kept_second": "is_kept_by_second",
    "pay_by": "payable_on",
    "principal_known": "is_principal_known",
}
INTERFACE = PROJECT / "data" / "interface"


def national() -> set[str]:
    """Fields of the settlement list, whose names are not ours."""
    files = yaml.safe_load((INTERFACE / "claim_files.yml").read_text(encoding="utf-8"))["files"]
    return {column for file in files.values() for column in file["columns"]}


def promised() -> set[str]:
    return {column for table in CONTRACT.values() for column in table.columns}


def listed(bench: Bench) -> Iterator[tuple[str, dict[str, object]]]:
    """(key, row) of everything that the law lists in a month or a year."""
    for name, table in bench.region.pack.tables.items():
        period = {MONTH: Period.of("2025-06"), YEAR: Period.of("2025"), NONE: WHOLE}[table.period]
        for row in bench.region.pack.rows(name, [period], lambda phase, of: date.max):
            yield table.key[-1], dict(zip(table.columns, row))


def against(name: str, type_: str, unit: str) -> Iterator[str]:
    """The rules that a column's name breaks."""
    if not SNAKE.fullmatch(name):
        yield "is not snake_case"
    if (type_ == "boolean") != name.startswith(("is_", "has_")):
        yield "is_ and has_ are for true or false, which has one of them"
    if (type_ == "date") != name.endswith("_on"):
        yield "_on is for days, which have it"
    if (type_ == "timestamp") != name.endswith("_time"):
        yield "_time is for moments, which have it"
    if name.endswith("_no") and type_ not in ("integer", "bigint"):
        yield "_no is for numbers"
    if (name.endswith("_id") and unit != "id") or (name.endswith("_code") and unit != "code"):
        yield "_id and _code are for what others know a thing by"
    if type_.endswith("[]") and not name.endswith("s"):
        yield "a list is a plural"
    if not name.endswith(SUFFIXES.get(unit, "")):
        yield f"{unit} is told by {SUFFIXES[unit]}"
    if unit in ("fen", "fen²") and not name.endswith(("_cents", "_numerator")):
        yield "whole fen are told by _cents or _numerator"
    if TYPES.get(unit, type_) != type_:
        yield f"{unit} is {TYPES[unit]}"


def test_columns_are_named_by_their_rule() -> None:
    free = national() | promised() | STANDING.keys()
    text = (PROJECT / "dbt_like_sql" / "columns.yml").read_text(encoding="utf-8")
    columns = yaml.load(text, yaml.BaseLoader)
    broken = {
        (name, rule)
        for name, column in columns.items()
        for rule in against(name.split(".")[-1], column["type"], column["unit"])
    }
    assert not [f"{name}: {rule}" for name, rule in sorted(broken) if name.split(".")[-1] not in free]
    assert STANDING.keys() <= {name for name, _ in broken}, "a name that follows the rule needs no exception"


def test_tables_are_nouns_in_the_singular(bench: Bench) -> None:
    words = {table: table.split(".")[1].split("_")[-1] for table in bench.project.models}
    assert not [table for table, word in words.items() if word.endswith("s") and word not in SINGULAR]
    assert not [table for table in words if not SNAKE.fullmatch(table.split(".")[1])]


def test_ids_are_words(bench: Bench) -> None:
    invariants = [invariant.id for invariant in bench.project.invariants]
    rules = [rule.id for model in bench.project.models.values() for rule in model.checks]
    members = [member.name for model in bench.project.models.values() for member in model.members]
    assert not [name for name in [*invariants, *rules, *members] if not SNAKE.fullmatch(name)]


# -- one Chinese name a code ---------------------------------------------------------------------


def queries(node: Any) -> Iterator[str]:
    """The SELECTs of a file of the interface."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "query":
                yield value
            else:
                yield from queries(value)
    elif isinstance(node, list):
        for value in node:
            yield from queries(value)


def spelled(sql: str) -> Iterator[tuple[str, str]]:
    """(code, Chinese) that a SELECT spells: `when 'code' then '中文'` of a column."""
    for case in sqlglot.parse_one(sql, read="duckdb").find_all(exp.Case):
        if isinstance(case.this, exp.Column):
            for branch in case.args["ifs"]:
                if isinstance(branch.args["true"], exp.Literal) and not branch.args["true"].name.isascii():
                    yield branch.this.name, branch.args["true"].name.strip()


@pytest.mark.parametrize("path", sorted(INTERFACE.glob("*.yml")), ids=lambda path: path.name)
def test_a_query_spells_a_code_as_its_words_do(path: Path) -> None:
    words = yaml.safe_load((INTERFACE / "explain.yml").read_text(encoding="utf-8"))["words"]
    known = {(code, text["zh"]) for codes in words.values() for code, text in codes.items()}
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert not {pair for query in queries(content) for pair in spelled(query)} - known


def test_words_say_what_the_law_calls_its_codes(bench: Bench) -> None:
    """Words in two languages of what the law lists: the Chinese is the law's."""
    words = yaml.safe_load((INTERFACE / "explain.yml").read_text(encoding="utf-8"))["words"]
    law: dict[str, dict[str, str]] = {}
    for key, row in listed(bench):
        if "title" in row:
            law.setdefault(key, {})[str(row[key])] = str(row["title"])
    told = {
        (column, code, text["zh"], law[column][code])
        for column, codes in words.items()
        for code, text in codes.items()
        if code in law.get(column, {})
    }
    assert told and not [each for each in sorted(told) if each[2] != each[3]]
