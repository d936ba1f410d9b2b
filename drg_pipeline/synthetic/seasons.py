"""When the claims of a made-up region settle: weights of days, and the months that follow from them.

What the factors are stands in `region.yml`; which disease a season brings is in `region.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from chinese_calendar import constants

from drg_pipeline.calendar import Day
from drg_pipeline.periods import Period

DAY_DRAWS = 2048  # SQL draws a claim's day from so many, each day as often as it weighs
_SCALE = 1_000_000  # weights are whole, so that shares of claims are exact


@dataclass(frozen=True)
class Month:
    """`drawn`: DAY_DRAWS days of the month, counted from 0."""

    period: Period
    first_claim: int
    last_claim: int
    drawn: tuple[int, ...]


def months(of: Sequence[Period], claims: int, given: Mapping[str, Any], days: Sequence[Day]) -> list[Month]:
    """The claims divided among the months as their days weigh, without remainder."""
    weights = day_weights(given, days)
    by_month = [[weights[period.last.replace(day=n + 1)] for n in range(period.last.day)] for period in of]
    total, passed, made = sum(map(sum, by_month)), 0, []
    for period, weighed in zip(of, by_month, strict=True):
        before, passed = claims * passed // total, passed + sum(weighed)
        made.append(Month(period, before + 1, claims * passed // total, _drawn(weighed)))
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
