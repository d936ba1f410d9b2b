"""The working days of a span: the statutory calendar, overlaid by a region's own rows.

A day that neither source covers is not in the list; nothing here falls back to Monday to Friday.
Which deadlines are counted from these days is SQL, and how many days they have is law: neither
belongs here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import cache
from importlib.metadata import version
from typing import NamedTuple

import chinese_calendar
from chinese_calendar import constants

from drg_pipeline.errors import DrgError, Fault

_ONE = timedelta(days=1)
# The package's tables hold only days that differ from the weekday, so its bounds are whole years.
_FIRST_YEAR, _LAST_YEAR = min(constants.holidays).year, max(constants.holidays).year


class Day(NamedTuple):
    """One covered day.

    working_day_no  working days of its segment up to and including it
    segment         counts up after each run of days that no source covers; within one segment the
                    n-th working day strictly after d is the working day numbered working_day_no(d) + n
    """

    date: date
    is_workday: bool
    source: str
    working_day_no: int
    segment: int


def working_days(overrides: Iterable[tuple[date, bool, str]], first: date, last: date) -> list[Day]:
    """The covered days from `first` to `last`; an override replaces the package's word on its day."""
    overlay = _overlay(overrides)
    package = f"chinesecalendar {version('chinesecalendar')}"
    days: list[Day] = []
    number, segment, after_gap = 0, 0, True
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        if day in overlay:
            is_workday, source = overlay[day]
        elif _in_package(day):
            is_workday, source = _statutory(day), package
        else:
            after_gap = True
            continue
        if after_gap:
            number, segment, after_gap = 0, segment + 1, False
        number += is_workday
        days.append(Day(day, is_workday, source, number, segment))
    return days


def working_day_after(days: Sequence[Day], start: date, number: int) -> date:
    """The number-th working day strictly after a day; DrgError where the days do not reach so far."""
    found = next((day for day in days if day.date == start), None)
    if found:
        wanted = (found.segment, found.working_day_no + number)
        for day in days:
            if (day.segment, day.working_day_no) == wanted:
                return day.date
    raise missing_year_message([start], days)


def missing_year_message(dates: Iterable[date], days: Iterable[Day] = ()) -> DrgError:
    """The error for days from which no deadline can be counted, `days` being the calendar in use.

    The year to add is that of the first uncovered day on or after each of them.
    """
    covered = {day.date for day in days}
    stuck: dict[int, list[date]] = defaultdict(list)
    for start in sorted(set(dates)):
        day = start
        while day in covered or _in_package(day):
            day += _ONE
        stuck[day.year].append(start)
    years = [str(year) for year in sorted(stuck)]
    faults = [
        Fault(
            f"calendar year {year}",
            f"needed for {len(starts)} day{'' if len(starts) == 1 else 's'}, "
            f"the first {starts[0]}, the last {starts[-1]}",
        )
        for year, starts in sorted(stuck.items())
    ]
    return DrgError(
        f"No deadline can be counted: the working-day calendar has no {' and no '.join(years)}.",
        faults,
        state="Nothing that depends on it was published.",
        remedy=(
            f"Add one row for every day of {', '.join(years)} (date,is_workday,source) to "
            "reference/<region>/workday.csv once the holiday notice is out, or install a release of "
            "chinesecalendar that has the year."
        ),
    )


@cache
def _statutory(day: date) -> bool:
    """Kept: each look at a schedule goes through all the years."""
    return bool(chinese_calendar.is_workday(day))


def _in_package(day: date) -> bool:
    return bool(_FIRST_YEAR <= day.year <= _LAST_YEAR)


def _overlay(overrides: Iterable[tuple[date, bool, str]]) -> dict[date, tuple[bool, str]]:
    overlay: dict[date, tuple[bool, str]] = {}
    faults: list[Fault] = []
    for day, is_workday, source in overrides:
        known = overlay.setdefault(day, (is_workday, source))
        if known[0] != is_workday:
            faults.append(Fault(str(day), f"is {_word(known)} and also {_word((is_workday, source))}"))
    if faults:
        raise DrgError(
            "The working-day calendar contradicts itself.",
            faults,
            remedy="Keep one row a day in reference/<region>/workday.csv.",
        )
    return overlay


def _word(known: tuple[bool, str]) -> str:
    return f"{'a working day' if known[0] else 'a day off'} ({known[1]})"
