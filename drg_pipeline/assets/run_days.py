"""On which day a period is run: counted from the law's moment with the statutory calendar.

Which parameters set the day is the pack's (`run_days`); what is run on it is in `automation.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from drg_pipeline.calendar import Day, working_day_after, working_days
from drg_pipeline.periods import MONTH, YEAR, Period, between, month_of
from drg_pipeline.policy import Pack

# Periods before today's of which one may be the last whose day has come.
LOOK_BACK = {MONTH: 6, YEAR: 3}
YEARS_COUNTED = 3
SHORTEST_MONTH = 28


def kind_of(role: str) -> str:
    return MONTH if role == "month" else YEAR


def run_day(pack: Pack, role: str, period: Period, days: Sequence[Day]) -> date:
    """The day on which a month is settled, or a year calibrated or cleared; DrgError beyond the calendar."""
    rule = pack.run_days[role]

    def after_month(month: Period, number: int) -> date:
        return working_day_after(days, month.last, number)

    moment = pack.moment(rule.after, period, after_month)
    if not rule.working_days:
        return moment + timedelta(days=1)
    known_on = max(moment, pack.first_published)
    number = pack.value(rule.working_days, period.first, known_on)
    return working_day_after(days, moment, int(str(number)))


def last_come(
    pack: Pack, role: str, today: date, days: Sequence[Day], first_month: Period
) -> tuple[Period, date] | None:
    """The latest period whose day has come, with that day; none before the first month."""
    for period in periods_before(role, today):
        if period.last < first_month.first:
            return None
        day = run_day(pack, role, period, days)
        if day <= today:
            return period, day
    return None


def next_to_come(pack: Pack, role: str, today: date, days: Sequence[Day]) -> tuple[Period, date] | None:
    """The earliest period whose day is still to come."""
    coming = None
    before = periods_before(role, today)
    for period in [before[0] + 1, *before]:
        day = run_day(pack, role, period, days)
        if day <= today:
            break
        coming = (period, day)
    return coming


def periods_before(role: str, today: date) -> list[Period]:
    """Periods that may have had their day, the latest first: months that are over, years from this one."""
    month = month_of(today)
    latest = month.year if kind_of(role) == YEAR else month - 1
    return [latest - back for back in range(LOOK_BACK[latest.kind])]


def is_open(pack: Pack, month: Period, today: date) -> bool:
    """Whether the month's year still takes in what arrives: the data of its clearing are not yet cut off."""
    rule = pack.run_days.get("clearing")
    if rule is None:
        return True
    return today <= pack.moment(rule.after, month.year, lambda period, number: period.last)


def latest_day_of_month(pack: Pack, year: int) -> tuple[int, timedelta] | None:
    """The day of a month by which in every month of these years the month due was settled.

    With the time before it within which that is not earlier than the month before. By the statutory calendar
    alone; None without a rule, and where that calendar ended before these years: what is computed in them
    stops with the year that is missing, and a look at old months does not.
    """
    days = working_days([], date(year - YEARS_COUNTED, 1, 1), date(year, 12, 31))
    if "month" not in pack.run_days or not days:
        return None
    months = between(month_of(days[0].date), month_of(days[-1].date))[: -LOOK_BACK[MONTH]]
    late = max((run_day(pack, "month", month, days) - month.last).days for month in months)
    return (late if late <= SHORTEST_MONTH else 1), timedelta(days=SHORTEST_MONTH - 1)
