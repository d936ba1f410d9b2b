"""The quality rules of a step: what Great Expectations says of each month, and what is kept of it."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from support.harness import Bench

from drg_pipeline.assets.looking import look
from drg_pipeline.errors import DrgError
from drg_pipeline.periods import Period
from drg_pipeline.quality.data_docs import FOLDER, keep
from drg_pipeline.quality.suites import Judge, Rule, Verdict, begin_import

LATE = Rule("late", "warn", "迟", "Later than <its> day.", ("JY-31-2", "SD-13"))
SOUND, NEVER = Rule("sound", "fatal", "好", "Never."), Rule("never", "fatal", "无", "Of nobody.")
JANUARY, FEBRUARY = Period.of("2025-01"), Period.of("2025-02")
STATES = pd.DataFrame({"late": [True, False, False, True], "sound": [False] * 4, "never": [False] * 4})


def test_each_month_is_judged_by_the_rules_of_its_law() -> None:
    """A row that a rule does not ask is neither one that fails nor one that passes."""
    early = begin_import()
    judge = Judge("a.table")
    january = judge.judge(JANUARY, (LATE, NEVER, SOUND), STATES, {"late": 1, "never": 4})
    assert january.verdicts == (
        Verdict(LATE, rows=4, failing=2, not_applicable=1),
        Verdict(NEVER, rows=4, failing=0, not_applicable=4),
        Verdict(SOUND, rows=4, failing=0, not_applicable=0),
    )
    assert [verdict.passed for verdict in january.verdicts] == [False, True, True]
    # A rule that is of another severity is another rule, and a month without claims fails none.
    graver = Rule("late", "fatal", "迟", "Later than <its> day.")
    february = judge.judge(FEBRUARY, (graver,), STATES[:0], {})
    assert february.verdicts == (Verdict(graver, rows=0, failing=0, not_applicable=0),)
    (said,) = february.result.results
    assert said.expectation_config is not None and said.expectation_config.severity == "critical"
    of = {one.expectation_config.kwargs["column"]: one for one in january.result.results}
    assert (of["late"].success, of["late"].result["observed_value"]) == (False, 2)
    assert of["late"].expectation_config.notes == "JY-31-2, SD-13"
    assert of["late"].expectation_config.severity == "warning" and of["sound"].success
    assert begin_import() is early and not early.is_alive()


def test_a_state_that_is_no_truth_value_is_refused() -> None:
    with pytest.raises(DrgError, match="late could not be judged"):
        Judge("a.table").judge(JANUARY, (LATE,), pd.DataFrame({"late": ["yes", "no"]}), {})


def test_results_and_pages_are_kept_month_by_month_and_load_nothing(tmp_path: Path) -> None:
    judge = Judge("a.table")
    folder = tmp_path / FOLDER / "a.table"
    for month, states in ((JANUARY, STATES), (FEBRUARY, STATES[:2]), (JANUARY, STATES[:1])):
        pages = keep(tmp_path, "a.table", [judge.judge(month, (LATE, SOUND), states, {})])
        assert pages == {month: folder / f"{month}.html"}
    assert sorted(path.name for path in folder.iterdir()) == [
        *("2025-01.html", "2025-01.json", "2025-02.html", "2025-02.json", "index.html")
    ]
    # Judged again, a month's result is the last one.
    kept = json.loads((folder / "2025-01.json").read_text("utf-8"))
    assert [(rule["rule"], rule["rows"], rule["failing"]) for rule in kept["rules"]] == [
        ("late", 1, 1),
        ("sound", 1, 0),
    ]
    assert kept["result"]["success"] is False
    for page in folder.glob("*.html"):
        text = page.read_text("utf-8")
        assert not re.findall(r"(?:https?:)?//[a-z]", text.replace("http-equiv", "")), page.name
        assert "<script" not in text and "default-src 'none'" in text
    page = (folder / "2025-02.html").read_text("utf-8")
    assert "Later than &lt;its&gt; day." in page and "<its>" not in page and "不合格" in page
    assert "JY-31-2、SD-13" in page


def test_a_look_sees_the_file_that_is_there_now(tmp_path: Path, bench: Bench) -> None:
    file, aside = tmp_path / "part.parquet", tmp_path / "aside"
    for number in range(3):
        duckdb.sql(f"select {number} as n").write_parquet(str(aside))
        os.replace(aside, file)
        with look(bench.region.engine) as con:
            assert con.execute(f"select n from read_parquet('{file}')").fetchall() == [(number,)]
