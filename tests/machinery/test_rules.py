"""The quality rules of a step: which partitions are judged together, and what Great Expectations says of them."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from support.harness import Bench

from drg_pipeline.assets import rules
from drg_pipeline.assets.looking import look
from drg_pipeline.quality.suites import Rule, Verdict, begin_import, judge

OLD, NEW = Rule("late", "warn", "迟", "Late."), Rule("late", "fatal", "迟", "Late.")
JANUARY, FEBRUARY, MARCH = Path("2025-01"), Path("2025-02"), Path("2025-03")


@pytest.mark.parametrize(
    ("last", "room", "together"),
    [
        (OLD, 30, [(OLD, [JANUARY, FEBRUARY, MARCH])]),
        # A rule that is of another severity is another rule.
        (NEW, 30, [(OLD, [JANUARY, FEBRUARY]), (NEW, [MARCH])]),
        (OLD, 29, [(OLD, [JANUARY, FEBRUARY]), (OLD, [MARCH])]),
        # A partition is never cut.
        (OLD, 1, [(OLD, [JANUARY]), (OLD, [FEBRUARY]), (OLD, [MARCH])]),
    ],
)
def test_partitions_with_the_same_rules_are_judged_together(
    last: Rule, room: int, together: list[tuple[Rule, list[Path]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "ROWS_AT_ONCE", room)
    found = rules._batches(
        {JANUARY: (OLD,), FEBRUARY: (OLD,), MARCH: (last,)}, {JANUARY: 10, FEBRUARY: 10, MARCH: 10}
    )
    assert list(found) == [((rule,), files) for rule, files in together]
    assert list(rules._batches({}, {})) == []


def test_a_rule_is_judged_by_the_rows_that_it_applies_to() -> None:
    """Rows with null are neither failing nor passing, whether a rule is judged alone or with others."""
    early = begin_import()
    states = pd.DataFrame(
        {
            "late": pd.array([True, False, None, True], dtype="boolean"),
            "never": pd.array([None] * 4, dtype="boolean"),
            "sound": [False] * 4,
            "broken": [True, False, False, False],
        }
    )
    rules = [OLD, *(Rule(name, "fatal", "名", "What is wrong.") for name in ("never", "sound", "broken"))]
    found = {verdict.rule.id: verdict for verdict in judge(rules, states)}
    assert found == {
        "late": Verdict(OLD, False, rows=4, failing=2, not_applicable=1),
        "never": Verdict(rules[1], True, rows=4, failing=0, not_applicable=4),
        "sound": Verdict(rules[2], True, rows=4, failing=0, not_applicable=0),
        "broken": Verdict(rules[3], False, rows=4, failing=1, not_applicable=0),
    }
    nothing = judge(rules, states[:0])
    assert [(verdict.passed, verdict.rows) for verdict in nothing] == [(True, 0)] * 4
    assert begin_import() is early and not early.is_alive()


@pytest.mark.parametrize("nulls", [True, False])
def test_states_are_judged_as_the_database_hands_them_out(nulls: bool) -> None:
    third = "null" if nulls else "false"
    with duckdb.connect() as con:
        states = con.execute(
            f"select case n % 3 when 0 then true when 1 then false else {third} end as late from range(9) t(n)"
        ).df()
    (verdict,) = judge([OLD], states)
    assert (verdict.failing, verdict.not_applicable) == (3, 3 if nulls else 0)


def test_a_look_sees_the_file_that_is_there_now(tmp_path: Path, bench: Bench) -> None:
    file, aside = tmp_path / "part.parquet", tmp_path / "aside"
    for number in range(3):
        duckdb.sql(f"select {number} as n").write_parquet(str(aside))
        os.replace(aside, file)
        with look(bench.region.engine) as con:
            assert con.execute(f"select n from read_parquet('{file}')").fetchall() == [(number,)]
