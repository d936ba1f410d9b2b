"""A SELECT as a value in one of our own files: read as text, and refused where it is none.

What a SELECT may read, and which columns it has to have, is asked by whoever reads the file.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from drg_pipeline.forms import Place
from drg_pipeline.sql.query import parsed


def select(place: Place, node: Any) -> str:
    """The text of one SELECT."""
    text = place.text(node)
    if text and parsed(text).columns is None:
        place.fault(f"is not one SELECT ({parsed(text).fault or text[:80]}): correct it")
    return text


def check_selected(place: Place, text: str, asked: Iterable[str], what: str = "") -> None:
    """A fault for each column that is asked for and that a SELECT does not yield; `*` may yield any."""
    found = parsed(text).columns
    if found is None or "*" in found:
        return
    for name in asked:
        if name not in found:
            place.fault(f"{name} is not selected{what}; its columns: {', '.join(found)}")


Select = Annotated[str, select]
