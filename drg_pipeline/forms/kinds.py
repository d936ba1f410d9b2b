"""Kinds of values in our own files: how the text of a key becomes what it means, or a fault.

A reader is given a place and what stands there. Kinds that mean something to one package only stand with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any

from drg_pipeline.forms.place import Place, shown
from drg_pipeline.messages import LANGUAGES

Reader = Callable[[Place, Any], Any]
_NUMBER = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WHOLE = re.compile(r"[0-9]{1,18}")


class Mark(Enum):
    """What a type alone does not say of a form's field."""

    NAME = "the key under which the mapping stands, of a file its name"
    EMPTY = "a list or mapping that may have no entry"
    BY_NAME = "a tuple whose entries stand under their names"


NAME, EMPTY, BY_NAME = Mark


@dataclass(frozen=True)
class Among:
    """Each name of a field is a key of another field of the same mapping."""

    field: str


# -- one value ---------------------------------------------------------------------------------


def text(place: Place, node: Any) -> str:
    return place.text(node)


def flag(place: Place, node: Any) -> bool:
    return place.choice(node, ("true", "false")) == "true"


def day(place: Place, node: Any) -> date:
    """A civil date, YYYY-MM-DD and nothing else; of what is none the last day there is."""
    try:
        if isinstance(node, str) and _DAY.fullmatch(node):
            return date.fromisoformat(node)
    except ValueError:
        pass
    place.fault(f"{shown(node)} is not a date: write it as YYYY-MM-DD")
    return date.max


def nothing_or(of: Reader) -> Reader:
    """A key that has to be there and may say nothing."""
    return lambda place, node: None if node is None else of(place, node)


def whole(least: int = 0, most: int | None = None) -> Reader:
    """A whole number within bounds."""

    def read(place: Place, node: Any) -> int:
        if not isinstance(node, str) or not _WHOLE.fullmatch(node):
            place.fault(f"{shown(node)} is not a whole number: write it in digits")
            return least
        if int(node) < least:
            place.fault(f"{node} is less than {least}")
        if most is not None and int(node) > most:
            place.fault(f"{node} is more than {most}")
        return int(node)

    return read


def number(least: str | None = None, most: str | None = None, of: Callable[[str], Any] = Decimal) -> Reader:
    """A number within bounds, which are texts of numbers."""

    def read(place: Place, node: Any) -> Any:
        if not isinstance(node, str) or not _NUMBER.fullmatch(node):
            place.fault(f"{shown(node)} is not a number: write it in digits")
            return of("0")
        value = Decimal(node)
        if (least is not None and value < Decimal(least)) or (most is not None and value > Decimal(most)):
            place.fault(f"{node} is not between {least} and {most or 'any'}")
        return of(node)

    return read


def one_of(allowed: Iterable[str]) -> Reader:
    allowed = tuple(allowed)
    return lambda place, node: place.choice(node, allowed)


def matching(pattern: str, rule: str) -> Reader:
    """A text of a form; `rule` says which to whoever wrote another."""

    def read(place: Place, node: Any) -> str:
        found = place.text(node)
        if found and not re.fullmatch(pattern, found):
            place.fault(f"{shown(found)}: {rule}")
        return found

    return read


# -- several values ----------------------------------------------------------------------------


def listed(of: Reader, *, empty: bool = False, count: int | None = None) -> Reader:
    def read(place: Place, node: Any) -> tuple[Any, ...]:
        entries = place.sequence(node, place.name or "entries", empty=empty)
        if count is not None and entries and len(entries) != count:
            place.fault(f"has {len(entries)} values, not {count}")
        return tuple(of(place.item(position), entry) for position, entry in enumerate(entries, 1))

    return read


def one_or_more(place: Place, node: Any) -> tuple[str, ...]:
    """A text, or a list of texts."""
    return listed(text)(place, node) if isinstance(node, list) else (place.text(node),)


def named(of: Reader, key: Reader = text, *, empty: bool = False) -> Reader:
    """A mapping whose keys are names of the file's own."""

    def read(place: Place, node: Any) -> dict[str, Any]:
        entries = place.named(node, place.name or "entries", empty=empty)
        return {key(place.at(name), name): of(place.at(name), entry) for name, entry in entries.items()}

    return read


def by_language(place: Place, node: Any) -> dict[str, str]:
    """A text in each language."""
    return {lang: place.at(lang).text(said) for lang, said in place.mapping(node, LANGUAGES).items()}


def by_any_language(place: Place, node: Any) -> dict[str, str]:
    """A text in at least one language."""
    found = place.mapping(node, (), LANGUAGES)
    if not found and isinstance(node, dict):
        place.fault(f"has no text: give one in {' or '.join(LANGUAGES)}")
    return {lang: place.at(lang).text(said) for lang, said in found.items()}


Name = Annotated[str, NAME]
ByLanguage = Annotated[Mapping[str, str], by_language]
ByAnyLanguage = Annotated[Mapping[str, str], by_any_language]
PLAIN: Mapping[Any, Reader] = {str: text, bool: flag, int: whole(), Decimal: number(), date: day}
