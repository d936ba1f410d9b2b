"""A region, opened: what its tables from the side are, publishing them, and all its parts put together.

No rule of the law, no formula, and nothing of what a run does in which order belongs here.
"""

from drg_pipeline.region.catalog import (
    CALENDAR,
    CALENDAR_OVERLAY,
    CALENDAR_TABLE,
    LANDING,
    REFERENCE,
    SCHEME,
    SCHEME_TABLE,
)
from drg_pipeline.region.region import Region
from drg_pipeline.region.side import Written
from drg_pipeline.region.standing import Standing

__all__ = [
    "CALENDAR",
    "CALENDAR_OVERLAY",
    "CALENDAR_TABLE",
    "LANDING",
    "REFERENCE",
    "SCHEME",
    "SCHEME_TABLE",
    "Region",
    "Standing",
    "Written",
]
