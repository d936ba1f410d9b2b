"""A period has one text and one place in time, whatever way it was come by."""

from __future__ import annotations

import json
import pickle
from datetime import date, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from drg_pipeline.errors import WrongUse
from drg_pipeline.periods import (
    MONTH,
    NONE,
    WHOLE,
    YEAR,
    Period,
    between,
    contiguous,
    month_of,
    parse_periods,
    span,
)

days = st.dates()
months = st.builds(month_of, days)
years = months.map(lambda month: month.year)
periods = st.one_of(months, years)
counts = st.integers(-30_000, 30_000)


@given(day=days)
def test_a_month_is_the_days_that_are_written_alike(day: date) -> None:
    month = month_of(day)
    assert str(month) == day.isoformat()[:7] and str(month.year) == day.isoformat()[:4]
    assert month.first <= day <= month.last
    for edge in (month.first, month.last):
        assert month_of(edge) == month
    if month.last < date.max:
        assert month_of(month.last + timedelta(days=1)) == month + 1
    assert month.value == str(month) and month.year.value == day.year


@given(period=periods)
def test_its_text_names_it_and_nothing_else(period: Period) -> None:
    assert Period.of(str(period)) == Period.of(str(period), period.kind) == period
    assert hash(Period.of(str(period))) == hash(period)
    other = YEAR if period.kind == MONTH else MONTH
    assert Period.read(str(period), other) is None and Period.read(str(period), NONE) is None
    assert pickle.loads(pickle.dumps(period)) == period
    assert json.loads(json.dumps([period], default=str)) == [str(period)]


@given(one=periods, other=periods)
def test_they_stand_in_the_order_of_their_last_days_and_a_year_behind_its_months(
    one: Period, other: Period
) -> None:
    assert (one < other) == (
        one.last < other.last or (one.last == other.last and (one.kind, other.kind) == (MONTH, YEAR))
    )
    assert one <= WHOLE or one.kind == YEAR
    if one.kind == other.kind:
        assert (one < other) == (one.first < other.first) == (str(one) < str(other))


@given(year=years)
def test_a_year_is_its_twelve_months(year: Period) -> None:
    own = year.months
    assert len(own) == 12 and own == between(own[0], own[-1]) == sorted(own)
    assert (own[0].first, own[-1].last) == (year.first, year.last)
    assert all(month.year == year and month.months == [month] and month < year for month in own)
    assert str(own[0]) == f"{year}-01" and str(own[11]) == f"{year}-12"


@given(period=periods, count=counts)
def test_what_is_added_can_be_taken_away(period: Period, count: int) -> None:
    place = period.last.year * 12 + period.last.month - 1 + count * (1 if period.kind == MONTH else 12)
    if not 12 <= place < 120_000:
        with pytest.raises(ValueError, match="year"):
            period + count
        return
    later = period + count
    assert later - count == period and later.kind == period.kind
    assert (later > period) == (count > 0)
    if 0 < count < 200:
        assert between(period, later)[1:] == [period + n for n in range(1, count + 1)]
        assert contiguous([later, *between(period, later), period]) == [tuple(between(period, later))]
        assert span(between(period, later)) == f"{period}..{later}"


@given(chosen=st.sets(st.integers(0, 40), min_size=1), start=periods)
def test_parts_are_cut_where_one_is_missing(chosen: set[int], start: Period) -> None:
    assume(start.last.year < 9900)
    own = [start + n for n in chosen]
    parts = contiguous(own)
    assert [period for part in parts for period in part] == sorted(own)
    assert all(part[0] - 1 not in own and part[-1] + 1 not in own for part in parts if part[0].last.year > 2)
    assert span(sorted(own)) == (
        ", ".join(map(str, sorted(own)))
        if len(parts) > 1 or len(own) == 1
        else f"{parts[0][0]}..{parts[0][-1]}"
    )


def test_time_ends_with_the_years_that_a_date_has() -> None:
    first, last = Period.of("0001-01"), Period.of("9999-12")
    assert (first.first, last.last) == (date.min, date.max) == (WHOLE.first, WHOLE.last)
    assert first.year.months[0] == first and last.year.months[11] == last
    for period, count in ((first, -1), (first.year, -1), (last, 1), (last.year, 1), (WHOLE, 1), (WHOLE, -1)):
        with pytest.raises(ValueError):
            period + count


def test_the_whole_has_no_text_and_is_read_only_where_it_is_asked_for() -> None:
    assert str(WHOLE) == f"{WHOLE}" == "" and Period.of("", NONE) == WHOLE
    assert Period.read("") is None and Period.read("", MONTH, YEAR, NONE) == WHOLE
    assert Period.of("2025") < WHOLE and Period.of("2025-12") < WHOLE


def test_leap_years_and_the_turn_of_a_year() -> None:
    assert Period.of("2024-02").last == date(2024, 2, 29) and Period.of("2025-02").last == date(2025, 2, 28)
    assert Period.of("2025-12") + 1 == Period.of("2026-01") and str(Period.of("2026-01") - 13) == "2024-12"
    assert span(between(Period.of("2024-11"), Period.of("2025-02"))) == "2024-11..2025-02"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2025-00",
        "2025-13",
        "2025-1",
        "25-01",
        "0000",
        "0000-01",
        "2025-01-01",
        " 2025",
        "2025\n",
        "２０２５",
    ],
)
def test_what_is_no_period_is_refused(text: str) -> None:
    assert Period.read(text) is None
    for kind, how in ((MONTH, "2025-01"), (YEAR, "2025")):
        with pytest.raises(WrongUse) as error:
            Period.of(text, kind)
        assert error.value.headline == f"{text!r} is not a {kind}."
        assert error.value.remedy == f"Write it as {how}."


def test_months_are_read_alone_as_spans_and_as_a_list() -> None:
    assert list(map(str, parse_periods("2025-03, 2024-12..2025-02,2025-01"))) == [
        "2024-12",
        "2025-01",
        "2025-02",
        "2025-03",
    ]
    for text, part in (
        ("2025", "2025"),
        ("2025-01..", ""),
        ("2025-01..2025-02..2025-03", "2025-02..2025-03"),
    ):
        with pytest.raises(WrongUse) as error:
            parse_periods(text)
        assert error.value.message() == (
            f"{part!r} is not a month.\nWrite months as 2025-01 or 2025-01..2025-12."
        )
    with pytest.raises(
        WrongUse, match=r"The months 2025-02..2025-01 run backwards.\nWrite 2025-01..2025-02."
    ):
        parse_periods("2025-03,2025-02..2025-01")
