"""What rules that warn have found is said after a run, from the rows that were kept."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from support.small_project import write_model, write_project

from drg_pipeline.commands.arrivals import SHOWN
from drg_pipeline.commands.screen import Screen
from drg_pipeline.commands.warnings import say_warnings
from drg_pipeline.errors import DrgError
from drg_pipeline.periods import Period
from drg_pipeline.region import Region
from drg_pipeline.settings import Settings
from drg_pipeline.sql.methods import METHODS_FILE

ROWS = """\
select m.month, cast(r as integer) as id, cast(r as integer) as n
from (values ('2025-01', 25), ('2025-02', 2), ('2025-03', 0)) as m(month, rows)
cross join (select unnest(range(1, 26)) as r) as t where t.r <= m.rows"""
SAYS = {"en": "figures are odd", "zh": "数值异常"}


def region(folder: Path, header: Mapping[str, object], select: str) -> Region:
    """A region with one table of months and a rule that guards it."""
    models = write_project(
        folder / "models",
        {"early.row": ROWS},
        {"early.row": {"grain": ["month", "id"], "partition": "month"}},
    )
    write_model(
        models / "invariants" / "odd.sql", {"describe": "a rule", "guards": "early.row"} | header, select
    )
    settings = Settings.for_region("jiyuan", lake=folder / "lake")
    shutil.copy(settings.models / METHODS_FILE, models)
    return Region(replace(settings, models=models))


def said(
    region: Region, capsys: pytest.CaptureFixture[str], *periods: str, lang: str = "en", verbose: bool = False
) -> list[str]:
    capsys.readouterr()
    say_warnings(Screen(lang), region, [Period.of(text) for text in periods], verbose=verbose)
    return capsys.readouterr().err.splitlines()


@pytest.fixture
def warned(tmp_path: Path) -> Region:
    """With 25 rows that are warned of in January, two in February, none in March."""
    select = "select month, 'list.csv' as file, n + 1 as line, n, 'P' as psn_no, null as near from early.row"
    made = region(tmp_path, {"severity": "warn", "says": SAYS}, select)
    made.engine.compute("early.row", [Period.of(f"2025-0{month}") for month in (1, 2, 3)])
    return made


def test_each_row_is_named_with_its_place_and_nothing_of_a_person(
    warned: Region, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(warned, capsys, "2025-02") == [
        "warning: figures are odd (2):",
        "  list.csv:2: month 2025-02, n 1",
        "  list.csv:3: month 2025-02, n 2",
    ]
    assert said(warned, capsys, "2025-02", lang="zh")[0] == "警告：数值异常（2）："
    assert said(warned, capsys, "2025-03") == []


def test_of_many_rows_the_first_are_named_and_the_rest_is_counted(
    warned: Region, capsys: pytest.CaptureFixture[str]
) -> None:
    told = said(warned, capsys, "2025-01", "2025-02", "2025-03")
    assert told[0] == "warning: figures are odd (27):" and told[SHOWN + 1] == f"  … and {27 - SHOWN} more"
    assert told[SHOWN + 2].endswith(".failing/early.row/odd") and len(told) == SHOWN + 3
    assert len(said(warned, capsys, "2025", verbose=True)) == 28


def test_what_holds_again_is_warned_of_no_more(
    warned: Region, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    again = region(
        tmp_path, {"severity": "warn", "says": SAYS}, "select month, n from early.row where n > 99"
    )
    again.engine.compute("early.row", [Period.of("2025-02")])
    assert said(again, capsys, "2025-02") == []


@pytest.mark.parametrize(
    "header",
    [{"severity": "warn"}, {"says": SAYS}, {"severity": "warn", "says": {"en": "odd"}}],
    ids=["no words", "words of a rule that blocks", "one language"],
)
def test_a_rule_that_warns_has_words_in_both_languages_and_no_other(
    tmp_path: Path, header: dict[str, object]
) -> None:
    with pytest.raises(DrgError, match="odd: says"):
        region(tmp_path, header, "select month, n from early.row")
