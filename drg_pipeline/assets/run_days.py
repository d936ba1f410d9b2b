"""On which day a period is run: counted from the law's moment with the statutory calendar.

Which parameters set the day is the pack's (`run_days`); what is run on it is in `automation.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from drg_pipeline.calendar import Day, working_day_after, working_days
from drg_pipeline.lake.periods import last_day, month_number, month_text, months_between
from drg_pipeline.policy.tables import first_day
from drg_pipeline.region import Region

# Periods before today's of which one may be the last whose day has come.
LOOK_BACK = {"month": 6, "year": 3}
YEARS_COUNTED = 3
SHORTEST_MONTH = 28


def kind_of(role: str) -> str:
    return "month" if role == "month" else "year"


def run_day(region: Region, role: str, period: str, days: Sequence[Day]) -> date:
    """The day on which a month is settled, or a year calibrated or cleared; DrgError beyond the calendar."""
    rule = region.pack.run_days[role]

    def after_month(month: str, number: int) -> date:
        return working_day_after(days, last_day(month), number)

    moment = region.pack.moment(rule.after, period, after_month)
    if not rule.working_days:
        return moment + timedelta(days=1)
    known_on = max(moment, region.pack.first_published)
    number = region.pack.value(rule.working_days, first_day(kind_of(role), period), known_on)
    return working_day_after(days, moment, int(str(number)))


def last_come(region: Region, role: str, today: date, days: Sequence[Day]) -> tuple[str, date] | None:
    """The latest period whose day has come, with that day."""
    for period in periods_before(role, today):
        if period < region.settings.first_month[: len(period)]:
            return None
        day = run_day(region, role, period, days)
        if day <= today:
            return period, day
    return None


def next_to_come(region: Region, role: str, today: date, days: Sequence[Day]) -> tuple[str, date] | None:
    """The earliest period whose day is still to come."""
    coming = None
    for period in [_period(role, today), *periods_before(role, today)]:
        day = run_day(region, role, period, days)
        if day <= today:
            break
        coming = (period, day)
    return coming


def periods_before(role: str, today: date) -> list[str]:
    """Periods that may have had their day, the latest first: months that are over, years from this one."""
    kind = kind_of(role)
    if kind == "year":
        return [str(today.year - back) for back in range(LOOK_BACK[kind])]
    return [month_text(month_number(f"{today:%Y-%m}") - back) for back in range(1, LOOK_BACK[kind] + 1)]


def _period(role: str, today: date) -> str:
    return f"{today:%Y-%m}" if kind_of(role) == "month" else str(today.year + 1)


def is_open(region: Region, month: str, today: date) -> bool:
    """Whether the month's year still takes in what arrives: the data of its clearing are not yet cut off."""
    rule = region.pack.run_days.get("clearing")
    if rule is None:
        return True
    return today <= region.pack.moment(rule.after, month[:4], lambda month, number: last_day(month))


def latest_day_of_month(region: Region, year: int) -> tuple[int, timedelta] | None:
    """The day of a month by which in every month of these years the month due was settled.

    With the time before it within which that is not earlier than the month before. By the statutory calendar
    alone; None without a rule, and where that calendar ended before these years: what is computed in them
    stops with the year that is missing, and a look at old months does not.
    """
    days = working_days([], date(year - YEARS_COUNTED, 1, 1), date(year, 12, 31))
    if "month" not in region.pack.run_days or not days:
        return None
    months = months_between(f"{days[0].date:%Y-%m}", f"{days[-1].date:%Y-%m}")[: -LOOK_BACK["month"]]
    late = max((run_day(region, "month", month, days) - last_day(month)).days for month in months)
    return (late if late <= SHORTEST_MONTH else 1), timedelta(days=SHORTEST_MONTH - 1)
