"""Months and years as partitions: text like `2025-01` and `2025`, and the way from one to another."""

from __future__ import annotations

import re
from datetime import date, timedelta

from drg_pipeline.errors import WrongUse

MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


def month_number(month: str) -> int:
    return int(month[:4]) * 12 + int(month[5:7]) - 1


def month_text(number: int) -> str:
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


def months_between(first: str, last: str) -> list[str]:
    return [month_text(number) for number in range(month_number(first), month_number(last) + 1)]


def months_of(year: str) -> list[str]:
    return months_between(f"{year}-01", f"{year}-12")


def last_day(month: str) -> date:
    return date.fromisoformat(month_text(month_number(month) + 1) + "-01") - timedelta(days=1)


def parse_months(text: str) -> list[str]:
    """`2025-01`, `2025-01..2025-12` or a comma-separated list of either."""
    months: list[str] = []
    for part in text.split(","):
        first, dots, last = part.strip().partition("..")
        for end in (first, last) if dots else (first,):
            if not MONTH.fullmatch(end):
                raise WrongUse(
                    f"{end!r} is not a month.", remedy="Write months as 2025-01 or 2025-01..2025-12."
                )
        if dots and last < first:
            raise WrongUse(f"The months {part.strip()} run backwards.", remedy=f"Write {last}..{first}.")
        months += months_between(first, last if dots else first)
    return sorted(dict.fromkeys(months))
