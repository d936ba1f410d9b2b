"""A month, a year, or the whole: all time, the one period of a table without partitions.

Text becomes a period where it comes in (an option, a partition key of Dagster, a folder's name, a manifest)
and text again where it goes out; in between nobody looks at its letters. What is computed of a period, and
which law binds it, does not belong here.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from drg_pipeline.errors import WrongUse

MONTH, YEAR, NONE = "month", "year", "none"
_FORM = re.compile(r"(?!0000)([0-9]{4})(?:-(0[1-9]|1[0-2]))?")
# How people are told to write one, and the end of a span that begins with it.
_WRITTEN = {MONTH: "2025-01", YEAR: "2025", NONE: "''"}
_LATER = {MONTH: "2025-12", YEAR: "2027"}


@dataclass(frozen=True, order=True, slots=True)
class Period:
    """A period by its last day and its kind: a year comes behind its months.

    `str` writes it as `2025-01` and `2025`, and the whole as ''.
    """

    last: date
    kind: str

    @classmethod
    def read(cls, text: str, *kinds: str) -> Period | None:
        """The period of one of these kinds (a month or a year) that a text names; None where it is none."""
        found = _FORM.fullmatch(text)
        if found is None:
            period = None if text else WHOLE
        elif found[2]:
            period = _month(int(found[1]) * 12 + int(found[2]) - 1)
        else:
            period = _year(int(found[1]))
        return period if period and period.kind in (kinds or (MONTH, YEAR)) else None

    @classmethod
    def of(cls, text: str, *kinds: str) -> Period:
        """The period of one of these kinds (a month or a year) that a text names; WrongUse otherwise."""
        period = cls.read(text, *kinds)
        if period is None:
            kinds = kinds or (MONTH, YEAR)
            written = " or ".join(_WRITTEN[kind] for kind in kinds)
            raise WrongUse(f"{text!r} is not a {' or '.join(kinds)}.", remedy=f"Write it as {written}.")
        return period

    def __str__(self) -> str:
        if self.kind == NONE:
            return ""
        year = f"{self.last.year:04d}"
        return year if self.kind == YEAR else f"{year}-{self.last.month:02d}"

    @property
    def value(self) -> str | int:
        """As the columns `month` and `year` hold it: a month's text, a year's number."""
        return self.last.year if self.kind == YEAR else str(self)

    @property
    def first(self) -> date:
        """Its first day, on which its law is looked up."""
        if self.kind == NONE:
            return date.min
        return self.last.replace(day=1, month=self.last.month if self.kind == MONTH else 1)

    @property
    def year(self) -> Period:
        """The year that holds it."""
        return _year(self.last.year)

    @property
    def months(self) -> list[Period]:
        """Its months: of a month itself."""
        return between(month_of(self.first), month_of(self.last))

    def __add__(self, count: int) -> Period:
        """So many periods of its kind later; ValueError before year 1 and after year 9999."""
        if self.kind == NONE:
            raise ValueError("nothing comes before or after the whole")
        return _year(self.last.year + count) if self.kind == YEAR else _month(_number(self) + count)

    def __sub__(self, count: int) -> Period:
        return self + -count


WHOLE = Period(date.max, NONE)


def _year(year: int) -> Period:
    return Period(date(year, 12, 31), YEAR)


def _month(number: int) -> Period:
    """By the number of months before it, counted from year 0."""
    year, month = number // 12, number % 12 + 1
    return Period(date(year, month, monthrange(year, month)[1]), MONTH)


def _number(month: Period) -> int:
    return month.last.year * 12 + month.last.month - 1


def month_of(day: date) -> Period:
    """The month that holds a day."""
    return _month(day.year * 12 + day.month - 1)


def between(first: Period, last: Period) -> list[Period]:
    """All periods from one to another of its kind, both of them too."""
    if first.kind == YEAR:
        return [_year(year) for year in range(first.last.year, last.last.year + 1)]
    return [_month(number) for number in range(_number(first), _number(last) + 1)]


def parse_periods(text: str, kind: str = MONTH) -> list[Period]:
    """`2025-01`, `2025-01..2025-12` or a comma-separated list of either; WrongUse for other texts."""
    periods: set[Period] = set()
    for part in text.split(","):
        ends = []
        for end in part.strip().split("..", 1):
            if (period := Period.read(end, kind)) is None:
                one, other = _WRITTEN[kind], _LATER[kind]
                raise WrongUse(
                    f"{end!r} is not a {kind}.", remedy=f"Write {kind}s as {one} or {one}..{other}."
                )
            ends.append(period)
        first, last = ends[0], ends[-1]
        if last < first:
            raise WrongUse(f"The {kind}s {part.strip()} run backwards.", remedy=f"Write {last}..{first}.")
        periods.update(between(first, last))
    return sorted(periods)


def contiguous(periods: Iterable[Period]) -> list[tuple[Period, ...]]:
    """Months or years in order, cut where one is missing: a run takes a range."""
    parts: list[list[Period]] = []
    for period in sorted(set(periods)):
        if parts and period == parts[-1][-1] + 1:
            parts[-1].append(period)
        else:
            parts.append([period])
    return [tuple(part) for part in parts]


def span(periods: Sequence[Period]) -> str:
    """`2025-01..2025-12`; one period stands alone, and a list with gaps is written out."""
    if len(periods) > 1 and list(periods) == between(periods[0], periods[-1]):
        return f"{periods[0]}..{periods[-1]}"
    return ", ".join(map(str, periods))
