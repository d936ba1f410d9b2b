"""The days that bind a period: until when its law must have been known, and on which day it is run.

Only which parameters set them is read here; days are counted by the region, which has the calendar.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from drg_pipeline.forms import Place, fill, named, one_of

T = TypeVar("T")
MOMENTS = ("month", "calibration", "clearing")


@dataclass(frozen=True)
class Moment:
    """A day whose knowledge of the law binds a period, by the parameter that sets it.

    working_days  parameter: so many working days after the month's last day
    day           parameter: this MM-DD, `years_after` the period's year
    """

    working_days: str = ""
    day: str = ""
    years_after: int = 0

    def check(self, place: Place) -> None:
        if bool(self.working_days) == bool(self.day):
            place.fault("names neither or both of working_days and day: name the one parameter that sets it")


@dataclass(frozen=True)
class RunDay:
    """The day on which a period is run.

    after         the moment it waits for
    working_days  parameter: so many working days after the moment; without it the day after the moment
    """

    after: str
    working_days: str = ""


def read_moments(place: Place, node: Any) -> dict[str, Moment]:
    return _by_moment(Moment, place, node)


def read_run_days(place: Place, node: Any, moments: Mapping[str, Moment]) -> dict[str, RunDay]:
    days = _by_moment(RunDay, place, node)
    for name, run_day in days.items():
        if run_day.after:
            place.at(name).at("after").choice(run_day.after, moments)
    return days


def _by_moment(form: type[T], place: Place, node: Any) -> dict[str, T]:
    found: dict[str, T] = named(partial(fill, form), one_of(MOMENTS))(place, node)
    return found
