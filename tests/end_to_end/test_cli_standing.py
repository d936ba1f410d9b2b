"""What a command says of a month with nothing new, and of what reference files name in vain."""

from __future__ import annotations

from pathlib import Path

from support import regions
from support.command import Drg, named
from support.regions import Claim, deliver

from drg_pipeline.assets.instance import open_instance

MONTH = "2025-03"


def test_a_month_with_nothing_new_is_not_computed_and_its_warnings_are_said_again(
    drg: Drg, tmp_path: Path
) -> None:
    folder = regions.empty(tmp_path)
    deliver(folder, f"{MONTH}/first", Claim("A"))
    (folder / "inbox" / "README.md").write_text("x", encoding="utf-8")
    groups = folder / "reference" / "basic_group.csv"
    groups.write_text("drg,valid_from\nR15,2021-01-01\nR15X,2021-01-01\nZZ9,2021-01-01\n", encoding="utf-8")
    deductions = "setl_id,amount,reason\na,1.00,made up\n"
    (folder / "reference" / "review_deduction.csv").write_text(deductions, encoding="utf-8")
    months = ["run", "--months", MONTH, "--through", "quality.claim_status", *named(folder)]
    first = drg(*months)
    assert first.code == 0 and "Nothing new" not in first.err
    # Each row by file and line, without -v; what differs by its case is told what it is like.
    told = [
        "warning: reference files name claims, groups or hospitals that are not there; "
        "the rows have no effect (3):",
        "  basic_group.csv:3: column_name drg, value R15X",
        "  basic_group.csv:4: column_name drg, value ZZ9",
        "  review_deduction.csv:2: column_name setl_id, value a, near A",
    ]
    assert told == [line for line in first.err.splitlines() if line in told]

    instance = open_instance(folder / "lake")
    runs, digests = instance.get_runs_count(), regions.digests(folder)
    again = drg(*months)
    assert again.code == 0 and again.out == first.out
    assert f"{MONTH} stands as it was computed then" in again.err and "README.md in the inbox" in again.err
    assert told == [line for line in again.err.splitlines() if line in told]
    assert instance.get_runs_count() == runs

    chinese = drg(*months, "--lang", "zh").err
    assert "的结果保持不变" in chinese and "警告：基础资料指向不存在的结算清单、病组或医院" in chinese
    assert instance.get_runs_count() == runs

    # A row that was mended is a change, and its warning goes; the month's figures do not move.
    groups.write_text("drg,valid_from\nR15,2021-01-01\nZZ9,2021-01-01\n", encoding="utf-8")
    mended = drg(*months)
    assert mended.code == 0 and "Nothing new" not in mended.err
    assert "  basic_group.csv:3: column_name drg, value ZZ9" in mended.err.splitlines()
    assert instance.get_runs_count() > runs
    moved = regions.changed(digests, regions.digests(folder))
    assert moved == ["claims.unknown_mention", "reference.basic_group", "reference.mention"]

    # Nothing has changed, and it is computed all the same.
    runs = instance.get_runs_count()
    assert "Nothing new" not in drg(*months, "--again").err
    assert instance.get_runs_count() > runs
