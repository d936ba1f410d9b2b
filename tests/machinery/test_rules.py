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
from drg_pipeline.quality.suites import Rule, begin_import, judge

OLD, NEW = Rule("late", "warn", "late"), Rule("late", "fatal", "late")
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


def test_a_rule_is_judged_by_the_rows_that_carry_its_flag() -> None:
    early = begin_import()
    flags = pd.DataFrame({"late": [True, False, True, True], "sound": [False] * 4})
    sound = Rule("sound", "fatal", "sound")
    verdicts = {verdict.rule: verdict for verdict in judge([OLD, sound], flags)}
    assert (verdicts[OLD].passed, verdicts[OLD].failing, verdicts[OLD].rows) == (False, 3, 4)
    assert (verdicts[sound].passed, verdicts[sound].failing) == (True, 0)
    assert begin_import() is early and not early.is_alive()


def test_a_look_sees_the_file_that_is_there_now(tmp_path: Path, bench: Bench) -> None:
    file, aside = tmp_path / "part.parquet", tmp_path / "aside"
    for number in range(3):
        duckdb.sql(f"select {number} as n").write_parquet(str(aside))
        os.replace(aside, file)
        with look(bench.region.engine) as con:
            assert con.execute(f"select n from read_parquet('{file}')").fetchall() == [(number,)]
