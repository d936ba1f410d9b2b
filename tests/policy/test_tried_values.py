"""What a person types to try a value: what is read, what it does to the law, what is refused.

What comes of it in money is tested with a whole region.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from support.periods import periods

from drg_pipeline.errors import Fault
from drg_pipeline.policy import Pack, load_pack
from drg_pipeline.settings import PROJECT
from drg_pipeline.simulation.change import Change, Kind, change_rows, changed_text, read_changes
from drg_pipeline.simulation.law import change_law

FAR = date(9999, 1, 1)
MONEY = Kind(2)


@pytest.fixture(scope="module")
def pack() -> Pack:
    return load_pack(PROJECT / "data" / "policy" / "jiyuan")


def read(text: str) -> Change:
    faults: list[Fault] = []
    [change] = read_changes([text], faults)
    assert not faults
    return change


def tried(pack: Pack, *typed: str) -> Pack:
    faults: list[Fault] = []
    changed = change_law(pack, read_changes(typed, faults), faults)
    assert not faults, faults
    return changed


def refused(pack: Pack, *typed: str) -> str:
    faults: list[Fault] = []
    change_law(pack, read_changes(typed, faults), faults)
    return "\n".join(map(str, faults))


# -- the grammar -------------------------------------------------------------------------------


def test_a_change_is_a_name_rows_a_column_a_span_an_operator_and_a_value() -> None:
    assert read("a.b=1.50") == Change("a.b=1.50", "a.b", None, False, "", None, None, "=", "1.50")
    text = "t [ x = 1, y= ] . c @2025-07..2025-09 *= 1.02"
    assert read(text) == Change(
        text, "t", {"x": "1", "y": ""}, False, "c", *periods("2025-07", "2025-09"), "*=", "1.02"
    )
    added = read("t[new,x=1].c+=-2")
    assert (added.new, added.chosen, added.operator, added.value) == (True, {"x": "1"}, "+=", "-2")
    assert read("t.c@2026=x=y").value == "x=y"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is not NAME=VALUE"),
        ("low_share", "is not NAME=VALUE"),
        ("=3", "is not NAME=VALUE"),
        ("a@2025-13=1", "is not NAME=VALUE"),
        ("a@0000=1", "is not NAME=VALUE"),
        ("a[x=1=2", "is not NAME=VALUE"),
        ("a*=1e3", "is not a number"),
        ("a+=1,000", "is not a number"),
        ("a*=nan", "is not a number"),
        ("a[x].c=1", "does not say COLUMN=TEXT"),
        ("a[x=1,x=2].c=1", "x stands twice"),
    ],
)
def test_what_cannot_be_read_is_said(text: str, told: str) -> None:
    faults: list[Fault] = []
    read_changes([text], faults)
    assert [told in str(fault) for fault in faults] == [True]


@pytest.mark.parametrize(
    ("old", "typed", "new"),
    [
        # 100.25 x 1.02 = 102.255, and 0.125 x 1 = 0.125: half up, away from zero.
        ("100.25", "x*=1.02", "102.26"),
        ("-100.25", "x*=1.02", "-102.26"),
        ("100.00", "x+=0.005", "100.01"),
        ("99999999999999.99", "x*=1000", "99999999999999990.00"),
        ("1.00", "x=7", "7"),
        ("1.00", "x=", None),
    ],
)
def test_a_cell_is_reckoned_exactly_and_rounded_once(old: str, typed: str, new: str | None) -> None:
    assert changed_text(old, read(typed), MONEY) == (new, "")


def test_an_empty_cell_and_a_text_are_not_reckoned_with() -> None:
    assert changed_text(None, read("x*=2"), MONEY)[1]
    assert changed_text("a", read("x*=2"), Kind(None))[1]


def test_rows_are_chosen_by_value_and_the_others_stay() -> None:
    rows = [{"k": "200.0000", "c": "1.00"}, {"k": "300.0000", "c": "1.00"}, {"k": None, "c": "1.00"}]
    kinds = {"k": Kind(4), "c": MONEY}
    found, count, _ = change_rows(read("t[k=200].c*=3"), rows, kinds, dict)
    assert ([row["c"] for row in found], count) == (["3.00", "1.00", "1.00"], 1)
    found, count, _ = change_rows(read("t[k=].c*=3"), rows, kinds, dict)
    assert ([row["c"] for row in found], count) == (["1.00", "1.00", "3.00"], 1)
    assert change_rows(read("t[k=20].c=3"), rows, kinds, dict)[:2] == (rows, 0)
    found, count, _ = change_rows(read("t[new,k=400].c=3"), rows, kinds, lambda: {"k": None, "c": None})
    assert (found[3:], count) == ([{"k": "400", "c": "3"}], 1)
    assert rows[0]["c"] == "1.00"


# -- the law -----------------------------------------------------------------------------------


def test_a_value_is_tried_on_every_day_and_nothing_else_is(pack: Pack) -> None:
    changed = tried(pack, "low_share=0.4")
    for on in (date(2022, 1, 1), date(2025, 6, 1), date(2026, 6, 1)):
        assert changed.value("pricing.low_share", on, FAR) == Decimal("0.4000")
    held = changed.parameter("pricing.low_share").at(date(2026, 6, 1), FAR)
    assert held is not None
    assert held.law == "open" and held.reason == "simulated: low_share=0.4; departs from JY-18-1-2"
    same = [name for name in pack.parameters if changed.parameters[name] == pack.parameters[name]]
    assert len(same) == len(pack.parameters) - 1


def test_a_table_s_rows_are_chosen_by_their_columns(pack: Pack) -> None:
    changed = tried(
        pack, "pricing.high_multiple[base_point_above=200].multiple=2.8", "high_multiple.multiple*=2"
    )
    rows = changed.value("high_multiple", date(2025, 1, 1), FAR)
    assert isinstance(rows, list)
    # 3 x 2, 2.8 x 2, 2 x 2, 1.5 x 2
    assert [row["multiple"] for row in rows] == [Decimal(n) for n in ("6.0000", "5.6000", "4.0000", "3.0000")]


def test_a_span_bounds_a_change_and_what_follows_stays(pack: Pack) -> None:
    changed = tried(pack, "deposit_rate@2025-07..2025-09=0.1")
    days = [date(2025, 6, 30), date(2025, 7, 1), date(2025, 9, 30), date(2025, 10, 1), date(2026, 3, 1)]
    old, new = Decimal("0.0500"), Decimal("0.1000")
    assert [changed.value("deposit_rate", day, FAR) for day in days] == [old, new, new, old, old]
    # Of what was known on a day the other texts still hold.
    year = tried(pack, "calibration_year@2025=2024")
    assert [year.value("calibration_year", date(y, 1, 1), FAR) for y in (2024, 2025, 2026, 2027)] == [
        2024
    ] * 4
    until = tried(pack, "calibration_year@2025..2025=2024")
    assert [until.value("calibration_year", date(y, 1, 1), FAR) for y in (2025, 2026, 2027)] == [
        2024,
        2025,
        2027,
    ]


def test_a_value_that_is_not_known_yet_is_not_known_in_a_span_either(pack: Pack) -> None:
    parameter = pack.parameter("deposit_rate")
    late = replace(parameter.values[-1], valid_from=date(2025, 1, 1), published=date(2025, 8, 1))
    dated = replace(parameter, values=(parameter.values[0], late, parameter.values[-1]))
    changed = tried(pack.with_parameters({"settlement.deposit_rate": dated}), "deposit_rate@2025-06*=2")
    held = changed.parameter("deposit_rate")
    for known, law in ((date(2025, 7, 1), parameter.values[0]), (date(2025, 9, 1), late)):
        value = held.at(date(2025, 7, 1), known)
        assert value is not None and value.content == Decimal("0.1000")
        assert value.reason.endswith(f"departs from {law.law}")


def test_a_change_to_what_it_is_already_is_none(pack: Pack) -> None:
    assert tried(pack, "low_share=0.50", "high_multiple.multiple*=1").parameters == pack.parameters


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("pricing.low_shar=0.4", "pricing.low_share"),
        ("xyzzy=1", "drg policy show lists them"),
        ("scheme=starter", "write one of calibration_scheme.scheme, grouping.scheme"),
        ("low_share=1.5", "1.5 is above 1.0000, the most it may be"),
        ("low_share=half", "is not a decimal number"),
        ("low_share=0.45678", "at most 14 digits before and 4 after the point"),
        ("low_share=", "is empty"),
        ("first_trim_method=median", "'median' is not one of: none, iqr, interval, multiple"),
        ("first_trim_method*=2", "is no number"),
        ("low_share[x=1].y=1", "has no rows"),
        ("high_multiple=3", "names no column"),
        ("high_multiple.multipel=3", "multipel is no column"),
        ("high_multiple[base_point=200].multiple=3", "base_point is no column"),
        ("high_multiple[base_point_above=250].multiple=3", "[base_point_above=200.0000]"),
        (
            "high_multiple[base_point_above=200].base_point_up_to=400",
            "does not begin where the row before ends",
        ),
        ("high_multiple[base_point_above=0].multiple=0.5", "is below 1"),
        ("pool_member[new,insutype=1].place=abroad", "is not one of: local, nonlocal"),
        ("deposit_rate@2020..2020=0.1", "no value begins or holds then"),
    ],
)
def test_what_the_law_does_not_take_is_refused_with_what_it_takes(pack: Pack, typed: str, told: str) -> None:
    assert told in refused(pack, typed)


def test_all_that_is_wrong_is_said_at_once(pack: Pack) -> None:
    told = refused(pack, "low_share=x", "xyzzy=1", "deposit_rate=x")
    assert [line.split(":")[0] for line in told.splitlines()] == ["xyzzy=1", "low_share=x", "deposit_rate=x"]
