"""The two clocks, the overlay, repeals, phases and types, on packs of a few lines."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from support.periods import periods

from drg_pipeline.errors import DrgError
from drg_pipeline.periods import Period
from drg_pipeline.policy import OpenChoice, Pack, Stale, load_pack

HEAD = """
region: demo
title: 示范
instruments: [JY]
confirmed_until: 2027-06-30
"""
OVERLAY = """
overlay:
  until: 2026-01-30
  valid_from: 2021-01-01
  published: 2021-01-01
  law: open
  reason: before the instrument
  marks: 回溯演示
"""
SHARE = """
describe: A topic.
period: month
known: month
parameters:
  share:
    describe: A share.
    unit: share
    type: decimal(6,2)
    values:
      - {valid_from: 2026-01-30, value: 3.10, published: 2026-01-30, law: JY-18-1-1}
      - {valid_from: 2026-03-01, value: 2.50, published: 2026-04-15, law: JY-18-1-1}
"""


def pack(folder: Path, topic: str, head: str = HEAD) -> Pack:
    (folder / "pack.yml").write_text(head, encoding="utf-8")
    (folder / "topic.yml").write_text(topic, encoding="utf-8")
    return load_pack(folder)


def late(phase: str, period: str) -> date:
    return date(2099, 12, 31)


def test_a_value_published_late_is_unknown_before(tmp_path: Path) -> None:
    law = pack(tmp_path, SHARE)
    march = date(2026, 3, 1)
    # The value of 1 March was published on 15 April: March is settled with the old one ...
    assert law.value("share", march, date(2026, 4, 14)) == Decimal("3.10")
    # ... and cleared with the new one.
    assert law.value("share", march, date(2026, 4, 15)) == Decimal("2.50")
    assert law.value("share", date(2026, 2, 28), date(2026, 4, 15)) == Decimal("3.10")


def test_decimals_keep_their_digits(tmp_path: Path) -> None:
    value = pack(tmp_path, SHARE).value("share", date(2026, 2, 1), date(2026, 2, 1))
    assert isinstance(value, Decimal) and str(value) == "3.10"


def test_every_type_is_read_from_text(tmp_path: Path) -> None:
    topic = SHARE[: SHARE.index("  share:")]
    for name, kind, value in [
        ("version", "text", "3.10"),
        ("word", "text", "no"),
        ("day", "date_in_year", "03-31"),
        ("count", "whole", "010"),
        ("off", "boolean", "false"),
        ("rate", "'decimal(38,20)'", "0.1"),
        ("clause", "citation", "JY-18"),
    ]:
        topic += (
            f"  {name}:\n    describe: D.\n    unit: u\n    type: {kind}\n    values:\n"
            f"      - {{valid_from: 2026-01-30, value: {value}, published: 2026-01-30, law: JY-18}}\n"
        )
    law = pack(tmp_path, topic)
    assert law.rows("policy.topic", periods("2026-02"), late) == [
        ("2026-02", "3.10", "no", "03-31", 10, False, Decimal("0.10000000000000000000"), "JY-18")
    ]
    assert [column.type for column in law.tables["policy.topic"].columns.values()] == [
        "VARCHAR",
        "VARCHAR",
        "VARCHAR",
        "VARCHAR",
        "INTEGER",
        "BOOLEAN",
        "DECIMAL(38,20)",
        "VARCHAR",
    ]


def test_a_later_text_with_the_same_start_replaces(tmp_path: Path) -> None:
    law = pack(tmp_path, SHARE.replace("2026-03-01", "2026-01-30"))
    february = date(2026, 2, 1)
    assert law.value("share", february, date(2026, 4, 14)) == Decimal("3.10")
    assert law.value("share", february, date(2026, 4, 15)) == Decimal("2.50")


def test_a_later_text_for_an_earlier_day_leaves_the_newer_value(tmp_path: Path) -> None:
    past = "      - {valid_from: 2026-02-01, value: 9.00, published: 2026-06-01, law: JY-18-1-1}\n"
    first, second = SHARE.rstrip("\n").rsplit("\n", 1)
    law = pack(tmp_path, f"{first}\n{past}{second}\n")
    known = date(2026, 6, 1)
    assert law.value("share", date(2026, 2, 1), known) == Decimal("9.00")
    assert law.value("share", date(2026, 3, 1), known) == Decimal("2.50")


def test_the_first_day_of_the_period_decides(tmp_path: Path) -> None:
    law = pack(tmp_path, SHARE.replace("2026-03-01", "2026-03-02"))
    assert law.rows("policy.topic", periods("2026-03", "2026-04"), late) == [
        ("2026-03", Decimal("3.10")),
        ("2026-04", Decimal("2.50")),
    ]


def test_no_value_says_parameter_file_period_and_remedy(tmp_path: Path) -> None:
    law = pack(tmp_path, SHARE)
    with pytest.raises(DrgError) as caught:
        law.rows(
            "policy.topic", periods("2025-12", "2026-01", "2026-02"), lambda phase, period: date(2026, 2, 10)
        )
    assert caught.value.message() == (
        "policy.topic cannot be built: the law has no value for 2 of what it needs.\n"
        "  topic.yml: parameters.share: no value holds 2025-12, on 2025-12-01, as known on 2026-02-10: "
        "add a value with valid_from <= 2025-12-01 and published <= 2026-02-10\n"
        "  topic.yml: parameters.share: no value holds 2026-01, on 2026-01-01, as known on 2026-02-10: "
        "add a value with valid_from <= 2026-01-01 and published <= 2026-02-10\n"
        "Add the values to the pack, then run again."
    )
    with pytest.raises(DrgError, match="was published on 2026-01-30; take a later known-on date"):
        law.value("share", date(2026, 2, 1), date(2026, 1, 29))


def test_the_overlay_carries_the_first_value_back_and_says_so(tmp_path: Path) -> None:
    law = pack(tmp_path, SHARE, HEAD + OVERLAY)
    known = date(2026, 1, 5)
    assert law.value("share", date(2021, 1, 1), date(2021, 1, 1)) == Decimal("3.10")
    assert law.open_choices(date(2025, 12, 1), known) == [
        OpenChoice("topic.share", "A share.", "before the instrument")
    ]
    assert law.open_choices(date(2026, 2, 1), date(2026, 2, 9)) == []
    assert [
        law.mark(period) for period in periods("2025", "2025-12", "2026-01", "2026-02", "2026", "2027")
    ] == [
        "回溯演示",
        "回溯演示",
        "回溯演示",
        None,
        "回溯演示",
        None,
    ]
    assert law.first_published == date(2021, 1, 1)
    # Only the first value is carried back, the later one starts where it starts.
    assert law.value("share", date(2026, 1, 1), date(2099, 1, 1)) == Decimal("3.10")
    assert law.tables["policy.topic"].citations == ("JY-18-1-1", "open")


def test_a_period_that_begins_with_the_instrument_is_not_marked(tmp_path: Path) -> None:
    topic, head = (
        SHARE.replace("2026-01-30,", "2026-02-01,", 1),
        (HEAD + OVERLAY).replace("2026-01-30", "2026-02-01"),
    )
    law = pack(tmp_path, topic, head)
    assert [law.mark(Period.of("2026-01")), law.mark(Period.of("2026-02"))] == ["回溯演示", None]


def test_without_an_overlay_nothing_is_marked(tmp_path: Path) -> None:
    law = pack(tmp_path, SHARE)
    assert law.mark(Period.of("2025")) is None
    assert law.first_published == date(2026, 1, 30)


def test_phases_are_rows_and_each_knows_its_own(tmp_path: Path) -> None:
    law = pack(tmp_path, SHARE.replace("known: month", "known: [month, clearing]"))
    bounds = {"month": date(2026, 4, 10), "clearing": date(2027, 1, 31)}
    assert law.tables["policy.topic"].phases == ("month", "clearing")
    assert list(law.tables["policy.topic"].columns) == ["month", "phase", "share"]
    assert law.rows("policy.topic", periods("2026-03"), lambda phase, period: bounds[phase]) == [
        ("2026-03", "month", Decimal("3.10")),
        ("2026-03", "clearing", Decimal("2.50")),
    ]


TIERS = """
describe: A topic.
period: year
known: clearing
parameters:
  tier:
    describe: Tiers.
    type: table
    key: [above]
    bands: [above, up_to]
    columns:
      above: {type: "decimal(6,4)", unit: share, meaning: above}
      up_to: {type: "decimal(6,4)", unit: share, meaning: up to, nullable: true}
      counted: {type: boolean, unit: true or false, meaning: counted}
    values:
      - valid_from: 2026-01-30
        published: 2026-01-30
        law: JY-35-3
        rows:
          - {above: 0, up_to: 0.1, counted: true}
          - {above: 0.1, up_to: null, counted: false}
"""


def test_a_table_keeps_the_order_and_types_of_its_rows(tmp_path: Path) -> None:
    law = pack(tmp_path, TIERS)
    assert law.rows("policy.tier", periods("2027"), late) == [
        (2027, Decimal("0.0000"), Decimal("0.1000"), True),
        (2027, Decimal("0.1000"), None, False),
    ]
    assert law.value("tier", date(2027, 1, 1), date(2027, 1, 1)) == [
        {"above": Decimal("0.0000"), "up_to": Decimal("0.1000"), "counted": True},
        {"above": Decimal("0.1000"), "up_to": None, "counted": False},
    ]
    assert "policy.topic" not in law.tables


REPEAL = "      - {valid_from: 2027-01-01, value: repealed, published: 2026-12-01, law: JY-42}\n"


def test_a_repeal_that_is_replaced_the_same_day_is_no_gap(tmp_path: Path) -> None:
    again = "      - {valid_from: 2027-01-01, value: 2.00, published: 2027-02-01, law: JY-18-1-1}\n"
    law = pack(tmp_path, SHARE + REPEAL + again)
    assert law.value("share", date(2027, 1, 1), date(2027, 2, 1)) == Decimal("2.00")


def test_what_may_be_empty_may_be_repealed(tmp_path: Path) -> None:
    nullable = SHARE.replace("    unit: share", "    unit: share\n    nullable: true")
    assert pack(tmp_path, nullable + REPEAL).rows("policy.topic", periods("2026-12", "2027-01"), late) == [
        ("2026-12", Decimal("2.50")),
        ("2027-01", None),
    ]
    tiers = TIERS.replace("    type: table", "    type: table\n    nullable: true") + REPEAL
    law = pack(tmp_path, tiers)
    assert len(law.rows("policy.tier", periods("2026", "2027")[1:], late)) == 0
    assert law.value("tier", date(2027, 1, 1), date(2027, 1, 1)) == []


def test_stale_names_what_nobody_confirmed_to_the_last_day(tmp_path: Path) -> None:
    law = pack(tmp_path, SHARE)
    assert law.stale("policy.topic", Period.of("2027-06")) == []
    assert law.stale("policy.topic", Period.of("2027-07")) == [Stale("share", date(2027, 6, 30))]
    own = SHARE.replace("    unit: share", "    unit: share\n    confirmed_until: 2026-02-27")
    assert pack(tmp_path, own).stale("policy.topic", Period.of("2026-02")) == [
        Stale("share", date(2026, 2, 27))
    ]
    assert pack(tmp_path, TIERS).stale("policy.tier", Period.of("2027")) == [Stale("tier", date(2027, 6, 30))]


def test_what_is_not_a_month_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DrgError, match=r"policy\.topic has rows by month, and 2026 is a year"):
        pack(tmp_path, SHARE).rows("policy.topic", periods("2026-01", "2026"), late)


def test_unknown_and_ambiguous_names(tmp_path: Path) -> None:
    (tmp_path / "other.yml").write_text(SHARE, encoding="utf-8")
    law = pack(tmp_path, SHARE)
    with pytest.raises(DrgError, match="in several files"):
        law.value("share", date(2026, 2, 1), date(2026, 2, 1))
    assert law.value("other.share", date(2026, 2, 1), date(2026, 2, 1)) == Decimal("3.10")
    with pytest.raises(DrgError, match="not a parameter"):
        law.value("price", date(2026, 2, 1), date(2026, 2, 1))
    with pytest.raises(DrgError, match="is not a table of the pack demo"):
        law.rows("policy.price", periods("2026-02"), late)


def test_a_region_may_bring_its_own_instruments(tmp_path: Path) -> None:
    (tmp_path / "instruments.yml").write_text(
        "describe: One document.\n"
        "instruments:\n"
        "  - {id: DX, number: N1, title: T, issuer: I, issued: null, in_force_from: 2020-01-01,\n"
        "     in_force_until: null, needs_confirmation: null, clauses: {DX-1: {kind: C, note: all}}}\n",
        encoding="utf-8",
    )
    law = pack(tmp_path, SHARE.replace("JY-18-1-1", "DX-1"), HEAD.replace("JY", "DX"))
    assert law.instruments.resolve("DX-1") == ("T", "N1", "all")
