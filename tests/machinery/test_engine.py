"""The engine on a handful of made-up models: what a step may see, what is published, what a file records.

That the project's own models give the same alone and together is tested in `models/test_chain.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from support.periods import periods
from support.small_lake import MODELS, MONTHS, ORDER, SPAN, Lake

from drg_pipeline.errors import DrgError
from drg_pipeline.lake.digest import digest_of
from drg_pipeline.lake.outcome import Outcome
from drg_pipeline.lake.store import PART
from drg_pipeline.periods import WHOLE, Period
from drg_pipeline.sql.model import Model


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(tmp_path)
    lake.deliver("2025-01/d1", [(1, 10, "2025-01"), (2, 20, "2025-02")])
    lake.deliver("2025-02/d1", [(3, 30, "2025-02"), (4, 40, "2025-03"), (5, 50, "2025-03")])
    lake.engine.compute("early.version", [WHOLE])
    return lake


def test_months_computed_together_are_those_computed_alone(lake: Lake, tmp_path: Path) -> None:
    together = lake.run(SPAN)
    assert all(outcome.published for outcomes in together.values() for outcome in outcomes)
    alone = Lake(tmp_path / "alone")
    alone.landing = lake.landing
    alone.engine.compute("early.version", [WHOLE])
    for month in SPAN:
        alone.run([month])
    for table in ORDER:
        for month in SPAN:
            assert alone.footer(table, month) == lake.footer(table, month), f"{table} {month}"
        assert alone.rows(table) == lake.rows(table)


def test_a_step_sees_the_partitions_that_its_header_names(lake: Lake) -> None:
    lake.side(MONTHS)
    lake.run(MONTHS)
    assert lake.rows("early.row") == [
        ("2025-01", 1, 10),
        ("2025-02", 2, 20),
        ("2025-02", 3, 30),
        ("2025-03", 4, 40),
        ("2025-03", 5, 50),
    ]
    assert lake.rows("late.running")[:4] == [
        ("2025-01", 10, 1),
        ("2025-02", 60, 2),
        ("2025-03", 150, 3),
        ("2025-04", 150, 4),
    ]
    lake.run(periods("2025"), ["late.yearly"])
    assert lake.rows("late.yearly") == [(2025, 150)]
    # The year that the month's own row names.
    with pytest.raises(DrgError) as error:
        lake.run(periods("2025-02"), ["late.bound"])
    assert list(error.value.faults) == ["late.yearly year=2024"]
    lake.side(["2025-02"], other_year=2025)
    lake.run(periods("2025-02"), ["late.bound"])
    assert lake.rows("late.bound") == [("2025-02", 150)]


def test_what_a_step_reads_and_is_not_there_is_named_all_at_once(lake: Lake) -> None:
    lake.run(periods("2025-01"))
    with pytest.raises(DrgError) as error:
        lake.run(periods("2025-03"), ["late.running"])
    assert error.value.headline == "late.running cannot be computed for 2025-03: what it reads is not there."
    assert list(error.value.faults) == ["early.month_sum month=2025-02", "early.month_sum month=2025-03"]
    assert error.value.state == "Nothing was changed." and "drg run" in error.value.remedy
    with pytest.raises(DrgError) as yearly:
        lake.run(periods("2025"), ["late.yearly"])
    assert list(yearly.value.faults) == [f"early.month_sum month={month}" for month in MONTHS[1:]]
    assert list(lake.store.partitions("late.running", "month")) == periods("2025-01")
    empty = Lake(lake.folder / "empty")
    with pytest.raises(DrgError) as unpartitioned:
        empty.run(periods("2025-01"), ["early.row"])
    assert list(unpartitioned.value.faults) == ["early.version"]


def test_a_blocked_partition_is_not_published_and_the_old_one_stands(lake: Lake) -> None:
    lake.run(SPAN, ["early.row"])
    before = {month: lake.footer("early.row", month) for month in ("2025-01", "2025-02")}
    # A correction in January breaks the rule, one in February does not.
    lake.deliver("2025-03/d2", [(7, -1, "2025-01"), (8, 1, "2025-02")])
    lake.engine.compute("early.version", [WHOLE])
    outcomes = {
        str(outcome.partition): outcome
        for outcome in lake.run(periods("2025-01", "2025-02"), ["early.row"])["early.row"]
    }
    assert [check.id for check in outcomes["2025-01"].failures] == ["n_is_positive"]
    assert "month=2025-01 id=7" in str(outcomes["2025-01"].failures[0])
    assert not outcomes["2025-01"].published and outcomes["2025-02"].published
    assert lake.footer("early.row", "2025-01") == before["2025-01"]
    assert lake.footer("early.row", "2025-02") != before["2025-02"]
    assert not lake.leftovers()


def test_a_rule_that_names_no_partition_blocks_them_all(tmp_path: Path) -> None:
    lake = Lake(
        tmp_path, invariants={"nothing_at_all": ("early.month_sum", "select 1 as id from side.entry limit 1")}
    )
    lake.deliver("2025-01/d1", [(3, 30, "2025-01")])
    lake.engine.compute("early.version", [WHOLE])
    lake.run(periods("2025-01", "2025-02"), ["early.row"])
    outcomes = lake.run(periods("2025-01", "2025-02"), ["early.month_sum"])["early.month_sum"]
    assert [[check.id for check in outcome.failures] for outcome in outcomes] == [["nothing_at_all"]] * 2
    assert lake.store.partitions("early.month_sum", "month") == {}
    assert not lake.leftovers()


def test_an_invariant_blocks_the_partition_it_names(tmp_path: Path) -> None:
    rule = (
        "select s.month, s.total from early.month_sum as s "
        "inner join side.entry as e on e.month = s.month where s.total > 35"
    )
    lake = Lake(tmp_path, invariants={"not_above": ("early.month_sum", rule)})
    lake.deliver("2025-01/d1", [(3, 30, "2025-01"), (4, 40, "2025-02")])
    lake.engine.compute("early.version", [WHOLE])
    lake.run(periods("2025-01", "2025-02"), ["early.row", "early.month_sum"])
    assert list(lake.store.partitions("early.month_sum", "month")) == periods("2025-01")
    assert not lake.leftovers()


def test_a_select_that_cannot_run_says_so_and_leaves_everything(tmp_path: Path) -> None:
    lake = Lake(
        tmp_path,
        {
            **MODELS,
            "early.month_sum": "select month, cast(month as bigint) as total from side.entry",
        },
    )
    with pytest.raises(DrgError) as error:
        lake.run(periods("2025-01"), ["early.month_sum"])
    assert error.value.headline == "early.month_sum could not be computed for 2025-01."
    assert "Could not convert string '2025-01'" in str(error.value.faults[0])
    assert error.value.state == "Nothing was published; what was there stands."
    assert lake.store.partitions("early.month_sum", "month") == {} and not lake.leftovers()


# Of each month the texts of a list, which no aggregate spills: 12 MB and more.
LISTS = {
    "early.lists": (
        "select month, cast(max(len(codes)) as bigint) as total from ("
        "select m.month, list(m.month || md5(cast(i as varchar))) as codes "
        "from side.entry as m, range(200000) as r(i) group by m.month) group by month"
    )
}
LISTS_HEADER = {"early.lists": {"grain": ["month"], "partition": "month"}}


def test_months_that_do_not_fit_into_memory_together_are_computed_in_several_goes(tmp_path: Path) -> None:
    free, bound = (Lake(tmp_path / name, LISTS, LISTS_HEADER) for name in ("free", "bound"))
    free.side(MONTHS)
    bound.side(MONTHS)
    bound.engine.duck.settings = replace(bound.engine.settings, memory_limit="100MB")
    goes: list[int] = []
    compute = bound.engine._computed

    def counted(model: Model, partitions: Sequence[Period]) -> list[Outcome]:
        goes.append(len(partitions))
        return compute(model, partitions)

    bound.engine._computed = counted  # type: ignore[method-assign]
    outcomes = bound.engine.compute("early.lists", MONTHS)
    assert goes[0] == len(MONTHS) and len(goes) > 2
    assert [outcome.partition for outcome in outcomes] == MONTHS
    assert [(o.rows, o.digest, o.published) for o in outcomes] == [
        (o.rows, o.digest, o.published) for o in free.engine.compute("early.lists", MONTHS)
    ]


def test_one_month_that_does_not_fit_says_what_to_do(tmp_path: Path) -> None:
    lake = Lake(tmp_path, LISTS, LISTS_HEADER)
    lake.engine.duck.settings = replace(lake.engine.settings, memory_limit="15MB")
    with pytest.raises(DrgError) as stopped:
        lake.engine.compute("early.lists", MONTHS[:2])
    assert "early.lists could not be computed for 2025-01." in stopped.value.headline
    assert "DRG_MEMORY_LIMIT" in stopped.value.message()


def test_other_types_than_promised_are_refused(tmp_path: Path) -> None:
    lake = Lake(tmp_path, {**MODELS, "early.month_sum": "select month, 1.5 as total from side.entry"})
    with pytest.raises(DrgError) as error:
        lake.run(periods("2025-01"), ["early.month_sum"])
    assert [str(fault) for fault in error.value.faults] == [
        "early.month_sum.total: is DECIMAL(2,1), columns.yml says BIGINT"
    ]
    assert lake.store.partitions("early.month_sum", "month") == {} and not lake.leftovers()


def test_each_file_records_what_it_was_computed_from(lake: Lake) -> None:
    lake.side(MONTHS)
    lake.run(MONTHS)
    lake.run(periods("2025"), ["late.yearly"])

    def one(table: str, *months: str) -> str:
        return digest_of((f"month={month}", lake.footer(table, month).digest) for month in months)

    kept = lake.footer("late.running", "2025-03")
    assert kept.inputs == {
        "early.month_sum": one("early.month_sum", "2025-01", "2025-02", "2025-03"),
        "side.entry": one("side.entry", "2025-03"),
    }
    assert lake.footer("late.running", "2025-01").inputs["early.month_sum"] == one(
        "early.month_sum", "2025-01"
    )
    assert lake.footer("late.yearly", "2025").inputs == {"early.month_sum": one("early.month_sum", *MONTHS)}
    assert lake.footer("early.version", "").inputs == {
        "raw.entry": digest_of((path.name, path.name) for path in lake.landing.values())
    }
    assert kept.code == lake.engine.project.code_version("late.running")
    assert kept.rows == 1


def test_only_what_an_arrival_touches_is_stale(lake: Lake) -> None:
    assert lake.engine.stale("early.row", periods("2025-01")) == periods("2025-01")
    lake.run(SPAN)
    for table in ORDER:
        assert lake.engine.stale(table, SPAN) == []
    # Key 5 of March comes again in May: both months depend on it, no other does.
    lake.deliver("2025-05/d1", [(5, 55, "2025-05")])
    lake.engine.compute("early.version", [WHOLE])
    assert lake.engine.stale("early.row", SPAN) == periods("2025-03", "2025-05")
    assert lake.engine.stale("early.month_sum", SPAN) == []
    lake.run(periods("2025-03", "2025-05"), ["early.row"])
    assert lake.engine.stale("early.row", SPAN) == []
    # March itself holds what it held.
    assert lake.engine.stale("early.month_sum", SPAN) == periods("2025-05")
    lake.run(periods("2025-05"), ["early.month_sum"])
    assert lake.engine.stale("late.running", SPAN) == periods("2025-05", "2025-06")


def test_another_model_or_another_law_makes_its_partitions_stale(lake: Lake, tmp_path: Path) -> None:
    lake.run(SPAN[:3])
    lake.side(["2025-02"], other_year=2025)
    assert lake.engine.stale("early.month_sum", SPAN[:3]) == periods("2025-02")
    changed = Lake(
        tmp_path / "changed", {**MODELS, "early.month_sum": MODELS["early.month_sum"] + " having true"}
    )
    changed.engine.store = changed.engine.inputs.store = lake.store
    changed.landing = lake.landing
    assert changed.engine.stale("early.month_sum", SPAN[:3]) == SPAN[:3]
    assert changed.engine.stale("early.row", SPAN[:3]) == []


def test_computing_again_changes_no_digest(lake: Lake) -> None:
    months = SPAN[:2]
    lake.run(months)
    before = {(table, month): lake.footer(table, month) for table in ORDER for month in months}
    lake.run(months)
    assert {(table, month): lake.footer(table, month) for table in ORDER for month in months} == before


def test_a_file_under_another_name_is_never_read(lake: Lake) -> None:
    lake.run(SPAN[:3])
    folder = lake.store.file("early.month_sum", Period.of("2025-03")).parent
    (folder / f"{PART}.9.dead.tmp").write_bytes(b"half a file")
    (folder / "copy.parquet").write_bytes(b"not even that")
    lake.run(periods("2025-03"), ["late.running"])
    assert lake.footer("late.running", "2025-03").rows == 1


def test_a_month_without_rows_is_an_empty_partition(lake: Lake) -> None:
    lake.run(periods("2025-06"), ["early.row"])
    assert lake.footer("early.row", "2025-06").rows == 0
    assert list(lake.store.partitions("early.row", "month")) == periods("2025-06")


def test_a_lake_may_stand_in_a_folder_with_any_name(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "it's a lake")
    lake.deliver("2025-01/d1", [(3, 30, "2025-01")])
    lake.engine.compute("early.version", [WHOLE])
    lake.run(periods("2025-01"))
    assert lake.rows("late.running") == [("2025-01", 30, 1)]
