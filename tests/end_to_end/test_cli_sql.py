"""`drg sql`: the lake is read and nothing else, and rows come out exact in every format."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.command import MONTH, THROUGH, Drg

from drg_pipeline.commands.screen import Screen
from drg_pipeline.settings import PROJECT


@pytest.fixture
def lake(small: Path) -> list[object]:
    return ["--lake", small / "lake"]


# -- sql ---------------------------------------------------------------------------------------


def test_without_a_query_the_tables_are_listed_with_their_rows(drg: Drg, lake: list[object]) -> None:
    ended = drg("sql", *lake)
    assert ended.code == 0
    assert re.search(rf"^{THROUGH} +1 +{MONTH} +{MONTH} +\d+$", ended.out, re.MULTILINE)
    assert re.search(r"^reference\.hospital +1 +\d+$", ended.out, re.MULTILINE)
    assert ended.out.index("policy.") < ended.out.index("claims.claim") < ended.out.index(THROUGH)


def test_rows_are_written_as_text_csv_and_json(drg: Drg, lake: list[object]) -> None:
    query = "select 1.50 as amount, '济源' as name, true as ok, null as nothing, [0.10, 2] as list"
    assert drg("sql", *lake, query).out.splitlines()[1].split() == [
        "1.50",
        "济源",
        "true",
        "NULL",
        "[Decimal('0.10'),",
        "Decimal('2.00')]",
    ]
    read = list(csv.reader(io.StringIO(drg("sql", *lake, "--format", "csv", query).out)))
    assert read == [
        ["amount", "name", "ok", "nothing", "list"],
        ["1.50", "济源", "true", "", '["0.10", "2.00"]'],
    ]
    read = json.loads(drg("sql", *lake, "--format", "json", query).out)
    assert read == [{"amount": "1.50", "name": "济源", "ok": True, "nothing": None, "list": ["0.10", "2.00"]}]
    assert json.loads(drg("sql", *lake, "--format", "json", "select 1 where false").out) == []


def test_a_csv_holds_no_formula_and_leaves_numbers_alone(drg: Drg, lake: list[object]) -> None:
    query = """
        select * from (values (1, '=cmd()', -5.00), (2, '@a', 1), (3, '-1', 2), (4, '＋x', 3), (5, 'a=b', 4))
            as t(id, "=t", n)
        order by id
    """
    read = list(csv.reader(io.StringIO(drg("sql", *lake, "--format", "csv", query).out)))
    assert read[0] == ["id", "'=t", "n"]
    assert [row[1] for row in read[1:]] == ["'=cmd()", "'@a", "'-1", "'＋x", "a=b"]
    assert read[1][2] == "-5.00"


def test_a_long_table_is_cut_and_a_csv_is_not(drg: Drg, lake: list[object]) -> None:
    query = "select unnest(range(1500)) as n"
    cut = drg("sql", *lake, query)
    assert len(cut.out.splitlines()) == 1001 and "--limit 0" in cut.err
    assert len(drg("sql", *lake, "--limit", 0, query).out.splitlines()) == 1501
    assert len(drg("sql", *lake, "--format", "csv", query).out.splitlines()) == 1501


def test_the_models_macros_and_standard_input_can_be_used(
    drg: Drg, lake: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("select quotient_4(1, 3) as q"))
    assert drg("sql", *lake, "-").out.split() == ["q", "0.3333"]


@pytest.mark.parametrize(
    "query",
    [
        "drop view claims.claim",
        "create table t as select 1",
        "insert into claims.claim select * from claims.claim",
        "copy (select 1) to '{lake}/out.csv'",
        "explain analyze copy (select 1) to '{lake}/out.csv'",
        "attach '{lake}/other.duckdb'",
        "set enable_external_access = true",
        "install httpfs",
        "select 1; drop view claims.claim",
        "",
        "selec 1",
        "select * from claims.clam",
        "select nothing from claims.claim",
        "from read_text('{lake}/../../key')",
        "from read_text('{lake}/../../inbox/.generated')",
        "from read_csv('/etc/passwd')",
    ],
)
def test_the_lake_is_only_read_and_nothing_outside_it(drg: Drg, small: Path, query: str) -> None:
    root = small / "lake" / "jiyuan"
    before = sorted(root.iterdir())
    ended = drg("sql", "--lake", small / "lake", query.format(lake=root))
    assert ended.code == 2 and not ended.out and ended.err
    assert sorted(root.iterdir()) == before


def test_a_query_that_fails_on_the_way_ends_with_1(drg: Drg, lake: list[object]) -> None:
    ended = drg("sql", *lake, "select cast(setl_id as integer) from claims.claim")
    assert ended.code == 1 and "Conversion Error" in ended.err


def test_a_lake_that_is_not_there(drg: Drg, small: Path, tmp_path: Path) -> None:
    assert drg("sql", "--lake", tmp_path / "none", "select 1").code == 2
    ended = drg("sql", "--lake", small / "lake", "--region", "atlantis", "select 1")
    assert ended.code == 2 and "Regions in it: jiyuan" in ended.err


def test_whoever_has_read_enough_may_close_the_pipe(small: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "drg_pipeline.cli",
        "sql",
        "--lake",
        str(small / "lake"),
        "--format",
        "csv",
    ]
    query = "select repeat('x', 1000) as x from range(100000)"
    with subprocess.Popen(
        [*command, query], cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout and child.stderr
        child.stdout.readline()
        child.stdout.close()
        assert child.stderr.read() == ""
    assert child.returncode == 0


def test_the_prompt_answers_until_it_is_left(
    drg: Drg, lake: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    typed: Iterator[str | type[BaseException]] = iter(
        [
            "select 40 +",
            "2 as n;",
            "drop view x;",
            "selec",
            KeyboardInterrupt,
            "tables",
            "",
            "from range(3);",
            "exit",
        ]
    )

    def answer(prompt: str) -> str:
        word = next(typed)
        if isinstance(word, str):
            return word
        raise word

    monkeypatch.setattr("builtins.input", answer)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr(Screen, "terminal", property(lambda self: True))
    monkeypatch.setenv("COLUMNS", "100")
    ended = drg("sql", *lake)
    assert ended.code == 0 and next(typed, None) is None
    assert "42" in ended.out and ended.out.count("claims.claim ") == 2
    assert "this is DROP" in ended.err and "rows: 3" in ended.err


def test_rows_wider_than_the_terminal_stand_one_value_a_line(
    drg: Drg, lake: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Screen, "terminal", property(lambda self: True))
    monkeypatch.setenv("COLUMNS", "40")
    ended = drg("sql", *lake, "select repeat('x', 50) as long, 1.50 as 金额")
    assert ended.out.splitlines()[1:] == [f"long  {'x' * 50}", "金额  1.50"]
