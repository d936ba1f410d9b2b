"""When the claims of a made-up region settle: weights of days, and the months that follow from them.

What the factors are stands in `region.yml`; which disease a season brings is in `region.py`.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from chinese_calendar import constants

from drg_pipeline.calendar import Day
from drg_pipeline.errors import WrongUse

DAY_DRAWS = 2048  # SQL draws a claim's day from so many, each day as often as it weighs
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
_SCALE = 1_000_000  # weights are whole, so that shares of claims are exact


@dataclass(frozen=True)
class Month:
    """`drawn`: DAY_DRAWS days of the month, counted from 0."""

    name: str
    first: date
    days: int
    first_claim: int
    last_claim: int
    drawn: tuple[int, ...]


def spans(first_month: str, last_month: str) -> list[tuple[date, int]]:
    """First day and number of days of each month asked for."""
    for name in (first_month, last_month):
        if not _MONTH.fullmatch(name):
            raise WrongUse(f"{name!r} is not a month.", remedy="Write it as YYYY-MM.")
    if last_month < first_month:
        raise WrongUse(f"The last month {last_month} lies before the first, {first_month}.")
    day, end = date.fromisoformat(f"{first_month}-01"), date.fromisoformat(f"{last_month}-01")
    found: list[tuple[date, int]] = []
    while day <= end:
        found.append((day, calendar.monthrange(day.year, day.month)[1]))
        day += timedelta(days=found[-1][1])
    return found


def months(
    of: Sequence[tuple[date, int]], claims: int, given: Mapping[str, Any], days: Sequence[Day]
) -> list[Month]:
    """The claims divided among the months as their days weigh, without remainder."""
    weights = day_weights(given, days)
    by_month = [[weights[first + timedelta(days=n)] for n in range(count)] for first, count in of]
    total, passed, made = sum(map(sum, by_month)), 0, []
    for (first, count), weighed in zip(of, by_month, strict=True):
        before, passed = claims * passed // total, passed + sum(weighed)
        made.append(
            Month(f"{first:%Y-%m}", first, count, before + 1, claims * passed // total, _drawn(weighed))
        )
    return made


def day_weights(given: Mapping[str, Any], days: Sequence[Day]) -> dict[date, int]:
    """What each day weighs among the others, in millionths."""
    seasons = given["seasons"]
    festival = _festival_factors(seasons["spring_festival"], {day.date.year for day in days})
    weights = {}
    for day in days:
        weekend = day.date.weekday() >= 5
        usual = seasons["weekdays"][day.date.weekday()]
        if weekend == day.is_workday:
            usual = seasons["shifted_workday"] if weekend else seasons["day_off"]
        factor = festival.get(day.date, usual) * seasons["months"][day.date.month - 1]
        weights[day.date] = round(factor * _SCALE)
    return weights


def _festival_factors(given: Mapping[str, Any], years: set[int]) -> dict[date, float]:
    festival = constants.Holiday.spring_festival.value
    holidays: dict[int, list[date]] = {year: [] for year in years}
    for day, name in constants.holidays.items():
        if name == festival and day.year in holidays:
            holidays[day.year].append(day)
    factors: dict[date, float] = {}
    for off in filter(None, holidays.values()):
        first, last = min(off), max(off)
        factors |= {first - timedelta(days=n): given["before"] for n in range(1, given["days_before"] + 1)}
        factors |= {last + timedelta(days=n): given["after"] for n in range(1, given["days_after"] + 1)}
        factors |= {first + timedelta(days=n): given["during"] for n in range((last - first).days + 1)}
    return factors


def _drawn(weights: Sequence[int]) -> tuple[int, ...]:
    total, passed, drawn = sum(weights) or 1, 0, []
    for day, weight in enumerate(weights):
        before, passed = DAY_DRAWS * passed // total, passed + weight
        drawn += [day] * (DAY_DRAWS * passed // total - before)
    return tuple(drawn) or (0,)
