"""Working days: the published vectors, the end of the calendar, overlays and gaps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from importlib.metadata import version

import pytest

from drg_pipeline.calendar import Day, missing_year_message, working_day_after, working_days
from drg_pipeline.errors import DrgError

# All working days of January 2027 as a region would file them: Monday to Friday, 1 January off.
JANUARY_2027 = [
    (day, day.weekday() < 5 and day != date(2027, 1, 1), "notice for 2027")
    for day in (date(2027, 1, 1) + timedelta(days=n) for n in range(31))
]


def deadline(days: Sequence[Day], start: date, count: int) -> date | None:
    """The rule that the models apply in SQL: the n-th working day strictly after, in one segment."""
    at = next(day for day in days if day.date == start)
    wanted = (at.segment, at.working_day_no + count)
    return next(
        (day.date for day in days if day.is_workday and (day.segment, day.working_day_no) == wanted), None
    )


@pytest.mark.parametrize(
    ("discharge", "expected"),
    [
        ("2026-02-13", "2026-02-27"),
        ("2026-05-08", "2026-05-14"),
        ("2026-09-30", "2026-10-13"),
        ("2026-09-19", "2026-09-24"),
        ("2025-01-24", "2025-02-07"),
        ("2024-09-13", "2024-09-23"),
    ],
)
def test_the_fifth_working_day_counts_make_up_workdays(discharge: str, expected: str) -> None:
    days = working_days([], date(2024, 1, 1), date(2026, 12, 31))
    assert deadline(days, date.fromisoformat(discharge), 5) == date.fromisoformat(expected)


def test_the_day_after_so_many_working_days_is_that_of_the_models_or_an_error() -> None:
    days = working_days(JANUARY_2027[:4], date(2024, 1, 1), date(2027, 6, 30))
    for start in ("2026-02-13", "2026-09-30", "2026-10-03", "2026-12-25"):
        assert working_day_after(days, date.fromisoformat(start), 5) == deadline(
            days, date.fromisoformat(start), 5
        )
    with pytest.raises(DrgError, match="the working-day calendar has no 2027"):
        working_day_after(days, date(2026, 12, 25), 6)
    with pytest.raises(DrgError, match="the working-day calendar has no 2028"):
        working_day_after(days, date(2028, 1, 1), 1)


def test_a_year_that_the_package_lacks_is_absent_and_not_monday_to_friday() -> None:
    days = working_days([], date(2026, 12, 1), date(2027, 6, 30))
    assert days[-1].date == date(2026, 12, 31)
    assert deadline(days, date(2026, 12, 24), 5) == date(2026, 12, 31)
    assert deadline(days, date(2026, 12, 25), 5) is None


def test_an_overlay_carries_the_calendar_into_the_next_year() -> None:
    days = working_days(JANUARY_2027, date(2026, 12, 1), date(2027, 6, 30))
    assert days[-1].date == date(2027, 1, 31)
    assert {day.segment for day in days} == {1}
    # 28, 29, 30, 31 December, then 4 January: the 1st is off and the 2nd and 3rd are a weekend
    assert deadline(days, date(2026, 12, 25), 5) == date(2027, 1, 4)
    assert days[-1].source == "notice for 2027"
    assert days[0].source == f"chinesecalendar {version('chinesecalendar')}"


def test_an_overlay_wins_over_the_package() -> None:
    day_off = [(date(2025, 3, 3), False, "local day off")]
    days = working_days(day_off, date(2025, 2, 28), date(2025, 3, 4))
    assert days == [
        Day(date(2025, 2, 28), True, days[0].source, 1, 1),
        Day(date(2025, 3, 1), False, days[0].source, 1, 1),
        Day(date(2025, 3, 2), False, days[0].source, 1, 1),
        Day(date(2025, 3, 3), False, "local day off", 1, 1),
        Day(date(2025, 3, 4), True, days[0].source, 2, 1),
    ]


def test_no_deadline_is_counted_across_a_gap() -> None:
    march = [(date(2027, 3, day), True, "filed") for day in (1, 2, 3)]
    days = working_days(march, date(2026, 12, 30), date(2027, 3, 31))
    assert [(day.date.isoformat(), day.working_day_no, day.segment) for day in days] == [
        ("2026-12-30", 1, 1),
        ("2026-12-31", 2, 1),
        ("2027-03-01", 1, 2),
        ("2027-03-02", 2, 2),
        ("2027-03-03", 3, 2),
    ]
    assert deadline(days, date(2026, 12, 31), 1) is None
    assert deadline(days, date(2027, 3, 1), 2) == date(2027, 3, 3)


def test_a_span_before_the_package_is_empty() -> None:
    assert working_days([], date(1990, 1, 1), date(1990, 1, 31)) == []


def test_contradicting_overrides_are_all_named_and_agreeing_ones_taken() -> None:
    first, second = date(2027, 1, 4), date(2027, 1, 5)
    agreeing = [(first, True, "a"), (first, True, "b")]
    assert working_days(agreeing, first, first) == [Day(first, True, "a", 1, 1)]
    with pytest.raises(DrgError) as error:
        working_days(
            [(first, True, "a"), (first, False, "b"), (second, False, "a"), (second, True, "b")],
            first,
            second,
        )
    assert [str(fault) for fault in error.value.faults] == [
        "2027-01-04: is a working day (a) and also a day off (b)",
        "2027-01-05: is a day off (a) and also a working day (b)",
    ]


def test_the_missing_year_is_named_with_the_way_to_add_it() -> None:
    message = str(missing_year_message([date(2026, 12, 25), date(2026, 12, 31), date(2003, 5, 1)]))
    assert "no 2003 and no 2027" in message
    assert "calendar year 2027: needed for 2 days, the first 2026-12-25, the last 2026-12-31" in message
    assert "(date,is_workday,source) to reference/<region>/workday.csv" in message


def test_the_missing_year_is_the_one_after_what_the_overlay_covers() -> None:
    year = [(date(2027, 1, 1) + timedelta(days=n), True, "filed") for n in range(365)]
    days = working_days(year, date(2026, 1, 1), date(2028, 12, 31))
    assert "has no 2028." in str(missing_year_message([date(2027, 12, 30)], days))
