"""The tree of jiyuan itself: it loads, holds in every month, cites what exists, and agrees with itself.

That a value holds in every month says nothing about whether it is the right one; the figures that a
clause names are compared one by one at the end.
"""

from __future__ import annotations

import csv
import os
import re
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from support.periods import periods

from drg_pipeline.errors import DrgError
from drg_pipeline.periods import MONTH, NONE, WHOLE, YEAR, Period, between
from drg_pipeline.policy import Pack, load_pack
from drg_pipeline.policy.moments import RunDay
from drg_pipeline.region import Region
from drg_pipeline.settings import Settings

FOLDER = Path(__file__).parents[2] / "data" / "policy" / "jiyuan"
YEARS = between(Period.of("2021"), Period.of("2026"))
MONTHS = [month for year in YEARS for month in year.months]
FAR = date(2099, 12, 31)


@pytest.fixture(scope="module")
def pack() -> Pack:
    return load_pack(FOLDER)


def every(pack: Pack, name: str) -> list[Period]:
    return {MONTH: MONTHS, YEAR: YEARS, NONE: [WHOLE]}[pack.tables[name].period]


def own_moment(phase: str, period: Period) -> date:
    """The earliest day on which a period's run may ask: its last day, its cut-off, the clearing's."""
    if phase == "month":
        return period.last + timedelta(days=1)
    year = period.first.year
    return date(year, 1, 31) if phase == "calibration" else date(year + 1, 1, 31)


def names() -> list[str]:
    return sorted(load_pack(FOLDER).tables)


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("known", ["far", "own"])
def test_each_parameter_holds_in_each_period(pack: Pack, name: str, known: str) -> None:
    rows = pack.rows(name, every(pack, name), own_moment if known == "own" else lambda phase, period: FAR)
    table = pack.tables[name]
    assert all(len(row) == len(table.columns) for row in rows)
    if not table.parameters[0].is_table:
        assert len(rows) == len(every(pack, name)) * len(table.known)
    elif not table.parameters[0].nullable:
        assert {row[0] for row in rows} == {period.value for period in every(pack, name)}


@pytest.mark.parametrize("name", names())
def test_the_database_takes_every_table_as_typed(pack: Pack, name: str) -> None:
    table = pack.tables[name]
    rows = pack.rows(name, every(pack, name)[-2:], lambda phase, period: FAR)
    with duckdb.connect() as con:
        columns = ", ".join(f'"{column}" {described.type}' for column, described in table.columns.items())
        con.execute(f"create table held ({columns})")
        if rows:
            con.executemany(f"insert into held values ({', '.join('?' * len(table.columns))})", rows)
        # What has no period is told by the day from which it holds: a text in the rows, a date in the table.
        held = [
            (*(str(v) if isinstance(v, date) else v for v in row),)
            for row in con.execute("from held").fetchall()
        ]
        assert held == rows
        for column, described in table.columns.items():
            empty = con.execute(f'select count(*) from held where "{column}" is null').fetchone()
            assert described.nullable or empty == (0,), column


def test_every_citation_resolves(pack: Pack) -> None:
    for table in pack.tables.values():
        for citation in table.citations:
            if citation != "open":
                pack.instruments.resolve(citation)


def test_every_open_choice_says_why(pack: Pack) -> None:
    choices = pack.open_choices(date(2026, 3, 1), FAR)
    assert {choice.name for choice in choices} >= {
        "calibration.first_trim_method",
        "clearing.judge_by",
        "clearing.sharing_tier",
        "quality.quality_check",
        "clearing.secondary_distribution",
        "reading.reading",
    }
    assert all(choice.reason and "predecessor" not in choice.reason for choice in choices)
    before = {choice.name: choice.reason for choice in pack.open_choices(date(2025, 3, 1), FAR)}
    assert len(before) == len(pack.parameters)
    assert before["settlement.deposit_rate"] == "before 〔2026〕2号; its predecessor is not held"


def test_clauses_that_a_reason_names_exist(pack: Pack) -> None:
    for choice in pack.open_choices(date(2026, 3, 1), FAR):
        for citation in re.findall(r"\bJYX?-[0-9-]*[0-9]", choice.reason):
            pack.instruments.resolve(citation)


def test_years_before_the_instrument_are_marked(pack: Pack) -> None:
    assert pack.mark(Period.of("2025")) == pack.mark(Period.of("2026-01")) == "回溯演示"
    assert pack.mark(Period.of("2026-02")) is None
    assert pack.first_published == date(2021, 1, 1)


def test_which_calibration_binds(pack: Pack) -> None:
    assert pack.rows(
        "policy.calibration_binding", periods("2024-12", "2025-01", "2026-12", "2027-01"), own_moment
    ) == [("2024-12", 2024), ("2025-01", 2025), ("2026-12", 2025), ("2027-01", 2027)]


def test_past_its_confirmation_the_law_is_stale(pack: Pack) -> None:
    assert pack.stale("policy.settlement", Period.of("2026-12")) == []
    assert {entry.parameter for entry in pack.stale("policy.settlement", Period.of("2027-01"))} >= {
        "deposit_rate"
    }


def held(pack: Pack, name: str) -> object:
    return pack.value(name, date(2026, 2, 1), date(2026, 2, 28))


def test_the_clearing_agrees_with_its_ledger(pack: Pack) -> None:
    lines = held(pack, "ledger_line")
    assert isinstance(lines, list)
    assert [line["position"] for line in lines] == list(range(1, len(lines) + 1))
    active = {line["line"]: line["active"] for line in lines}
    assert active["growth_adjustment"] == held(pack, "clearing.growth_adjustment")
    assert active["secondary_distribution"] == held(pack, "clearing.secondary_distribution")
    assert active["fund_floor"] == (held(pack, "clearing.fund_floor_share") is not None)


def test_a_line_in_force_that_nothing_computes_opens_no_region(tmp_path: Path) -> None:
    def with_special_cases(pack: Pack) -> Pack:
        lines = pack.parameters["clearing.ledger_line"]
        place = list(lines.columns or ()).index("active")
        values = tuple(
            replace(value, content=tuple((*row[:place], True, *row[place + 1 :]) for row in value.content))
            for value in lines.values
            if isinstance(value.content, tuple)
        )
        return pack.with_parameters({"clearing.ledger_line": replace(lines, values=values)})

    settings = Settings.for_region("jiyuan", lake=tmp_path)
    assert Region(settings)
    with pytest.raises(
        DrgError, match=r"special_case is in force and no file of clearing\.ledger_line"
    ) as error:
        Region(settings, with_special_cases)
    assert "would be paid to nobody" in str(error.value)


def test_levels_and_pools_agree(pack: Pack) -> None:
    def column(table: str, name: str) -> set[object]:
        rows = held(pack, table)
        assert isinstance(rows, list)
        return {row[name] for row in rows}

    levels = column("care_level", "level")
    assert column("pay_ratio_cap", "level") == levels
    assert column("nearest_level", "level") | column("nearest_level", "neighbour") == levels
    assert column("pool_member", "pool") == column("pool", "pool")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("upload_working_days", 5),  # JY-31-1
        ("unstable_up_to_cases", 5),  # JY-16-1
        ("cv_limit", Decimal("1.0000")),  # JY-16-1
        ("unit_scale", 100),  # JY-16-2
        ("coefficient_floor", Decimal("0.4000")),  # JY-17-1-2
        ("coefficient_ceiling", Decimal("1.8000")),  # JY-17-1-2
        ("nearest_ceiling", Decimal("1.0000")),  # JY-17-1-3
        ("basic_group_coefficient", Decimal("0.8000")),  # JY-17-1-4
        ("specialty_groups_per_hospital", 2),  # JY-17-2-1
        ("low_share", Decimal("0.5000")),  # JY-18-1-2
        ("programme_share", Decimal("0.0500")),  # JY-21
        ("new_technology_share", Decimal("0.9000")),  # JY-22
        ("months_of_balance_employee", Decimal("12.0000")),  # JY-23
        ("months_of_balance_resident", Decimal("6.0000")),  # JY-23
        ("payment_working_days", 10),  # JY-32-4
        ("deposit_rate", Decimal("0.0500")),  # JY-32-4
        ("sharing_limit", Decimal("0.0500")),  # JY-35-3
        ("clearing_due", "03-31"),  # JY-38
        ("screening_share", Decimal("0.0100")),  # JYX-6
        ("application_share", Decimal("0.0100")),  # JYX-6
        ("panel_size", 3),  # JYX-10
        ("filing_working_days", 5),  # JYX-14
    ],
)
def test_figures_that_a_clause_names(pack: Pack, name: str, value: object) -> None:
    assert held(pack, name) == value


def test_the_month_is_run_on_the_day_to_pay_counted_from_the_last_upload_deadline(pack: Pack) -> None:
    # run_days counts from the month's moment, which is that deadline. Another choice needs another moment.
    counted_from = pack.parameter("payment_counted_from")
    assert counted_from.field is not None and tuple(counted_from.field.domain) == ("last_upload_deadline",)
    assert pack.run_days["month"] == RunDay("month", "settlement.payment_working_days")
    assert pack.moments["month"].working_days == "quality.upload_working_days"


def test_tables_that_a_clause_names(pack: Pack) -> None:
    def rows(name: str) -> list[tuple[object, ...]]:
        table = held(pack, name)
        assert isinstance(table, list)
        return [tuple(row.values()) for row in table]

    # JY-18-1-1: the four bands of base points, upper end included
    assert rows("high_multiple") == [
        (Decimal(0), Decimal(200), Decimal(3)),
        (Decimal(200), Decimal(300), Decimal("2.5")),
        (Decimal(300), Decimal(500), Decimal(2)),
        (Decimal(500), None, Decimal("1.5")),
    ]
    # JY-35-2
    assert rows("pay_ratio_cap") == [
        ("tertiary", Decimal("1.04")),
        ("secondary", Decimal("1.08")),
        ("primary", Decimal("1.10")),
    ]
    # JY-17-2-1, 2-2: the third grade does not count towards the two groups
    assert rows("uplift_ceiling") == [
        ("national", Decimal("0.2"), True),
        ("provincial", Decimal("0.1"), True),
        ("discipline", Decimal("0.1"), False),
        ("policy", None, False),
    ]
    # JY-16: the three years before
    assert rows("history_year") == [(-3, Decimal(1)), (-2, Decimal(1)), (-1, Decimal(1))]
    # JY-17-1-3: only primary care has a coefficient without cases
    assert [row[:3] for row in rows("care_level")] == [
        ("tertiary", 1, None),
        ("secondary", 2, None),
        ("primary", 3, Decimal("0.6")),
    ]


def test_citations_of_a_worked_region_are_those_of_the_pack(pack: Pack) -> None:
    samples = os.environ.get("DRG_SAMPLES")
    if not samples:
        pytest.skip("DRG_SAMPLES is not set: there is no worked region to compare with")
    expected = Path(samples) / "examples" / "region-1" / "expected"
    for file, key, answer, table, given in [
        ("pricing.case_point", "category", "citation", "case_category", "law"),
        ("clearing.ledger", "line", "citation", "ledger_line", "law"),
        ("quality.claim_check", "check_id", "severity", "quality_check", "severity"),
    ]:
        rows = held(pack, table)
        assert isinstance(rows, list)
        law = {row[key]: row[given] for row in rows}
        with (expected / f"{file}.csv").open(encoding="utf-8", newline="") as lines:
            told = {(row[key], row[answer]) for row in csv.DictReader(lines)}
        assert told and told <= set(law.items()), file
