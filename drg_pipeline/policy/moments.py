"""The days that bind a period: until when its law must have been known, and on which day it is run.

Only which parameters set them is read here; days are counted by the region, which has the calendar.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from drg_pipeline.forms import Place

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


@dataclass(frozen=True)
class RunDay:
    """The day on which a period is run.

    after         the moment it waits for
    working_days  parameter: so many working days after the moment; without it the day after the moment
    """

    after: str
    working_days: str = ""


def read_moments(place: Place, node: Any) -> dict[str, Moment]:
    moments: dict[str, Moment] = {}
    for name, body in place.named(node, "moments").items():
        at = place.at(name)
        at.choice(name, MOMENTS)
        keys = at.mapping(body, [], ["working_days", "day", "years_after"])
        named = [at.at(key).text(keys[key]) for key in ("working_days", "day") if key in keys]
        if len(named) != 1:
            at.fault("names neither or both of working_days and day: name the one parameter that sets it")
        years = str(keys.get("years_after", "0"))
        if not years.isdecimal():
            at.at("years_after").fault(f"{years!r} is not a whole number")
            years = "0"
        moments[name] = Moment(str(keys.get("working_days", "")), str(keys.get("day", "")), int(years))
    return moments


def read_run_days(place: Place, node: Any, moments: Mapping[str, Moment]) -> dict[str, RunDay]:
    days: dict[str, RunDay] = {}
    for name, body in place.named(node, "periods").items():
        at = place.at(name)
        at.choice(name, MOMENTS)
        keys = at.mapping(body, ["after"], ["working_days"])
        after = at.at("after").choice(keys["after"], moments) if "after" in keys else ""
        working_days = at.at("working_days").text(keys["working_days"]) if "working_days" in keys else ""
        days[name] = RunDay(after, working_days)
    return days
