"""Periods by their texts, as tests write them."""

from __future__ import annotations

from drg_pipeline.periods import Period, parse_periods


def periods(*texts: str) -> list[Period]:
    return [Period.of(text) for text in texts]


def month_texts(text: str) -> list[str]:
    """The texts of the months of `2025`, or of a span `2025-01..2025-03`."""
    year = Period.read(text)
    return [str(month) for month in (year.months if year else parse_periods(text))]
