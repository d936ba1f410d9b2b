"""By which reading a delivery was landed, and what becomes of those that an earlier version took in.

The same bytes read otherwise are another landing; what was landed is never rewritten.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

# Raised where the bytes of a delivery come out otherwise than before.
READING = 2


def reading_of(manifest: Mapping[str, Any]) -> int:
    """The reading of a landed delivery; of a manifest that does not say, the first."""
    return int(manifest.get("reading", 1))


def is_current(manifest: Mapping[str, Any]) -> bool:
    """Whether a landed delivery was read as this version reads."""
    return reading_of(manifest) == READING


def tell_former(former: Collection[str], inbox: Collection[str], report: Callable[[str], None]) -> None:
    """What becomes of deliveries that were landed by an earlier reading, by name."""
    if here := sorted(set(former) & set(inbox)):
        report(f"taken in anew, because values are read otherwise than before: {', '.join(here)}")
    if gone := sorted(set(former) - set(inbox)):
        report(
            f"warning: taken in by an earlier version and no longer in the inbox: {', '.join(gone)}. "
            "Their values stay as they were read then; to have them read anew, put them back and run again"
        )
