"""A YAML file as text: every plain scalar is text or null, so that 3.10 stays 3.10 and no float is born.

The parser's events are put together here and not by the library, whose trees have types, aliases and no
bounds. What a key may hold is said by `Place` and by whoever reads the file.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from drg_pipeline.forms.place import Place

MOST_BYTES = 4_000_000
DEEPEST = 32
_EMPTY = ("", "~", "null", "Null", "NULL")
# libyaml takes a fifth of the time, where it is there; the library's own parser says more of what is wrong,
# and takes its time for it.
_MOST_TOLD = 200_000
_FAST = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# No key yet, and a key that was refused together with its value.
_NONE, _SKIPPED = object(), object()


def read_yaml(path: Path, place: Place) -> object:
    """The content of one file; None, with a fault, where it cannot be read."""
    text = read_text(path, place)
    return None if text is None else parse_yaml(text, place)


def read_text(path: Path, place: Place) -> str | None:
    """The text of one of our own files; None, with a fault, where it has none."""
    try:
        with path.open("rb") as file:
            found = file.read(MOST_BYTES + 1)
        if len(found) > MOST_BYTES:
            place.fault(f"has more than {MOST_BYTES:,} bytes: part it, or put the file there that is meant")
            return None
        return found.decode("utf-8-sig")
    except OSError as error:
        place.fault(f"cannot be read ({error.strerror}): put the file there")
    except UnicodeDecodeError as error:
        place.fault(f"is not UTF-8 (byte {error.start}): save it as UTF-8")
    return None


def parse_yaml(text: str, place: Place, before: int = 0) -> object:
    """The content of a text, None where it has none; `before`: the lines of its file in front of it."""
    try:
        tree = _Tree(yaml.parse(text, Loader=_FAST), before)
    except yaml.YAMLError as error:
        place.fault(_syntax(text, error, before))
        return None
    for fault in tree.faults:
        place.fault(fault)
    if tree.refused:
        return None
    if tree.content is None:
        place.fault("is empty: fill it in or remove it")
    return tree.content


class _Tree:
    """Mappings, lists, text and null out of a parser's events.

    faults   keys that stand twice or are no text, and all that a file of ours does not use
    refused  by what it does not use nothing can be said of the content
    """

    def __init__(self, events: Iterator[yaml.Event], before: int) -> None:
        self.content: object = None
        self.faults: list[str] = []
        self.refused = False
        self._before = before
        self._open: list[_Collection] = []
        documents = 0
        for event in events:
            if isinstance(event, yaml.ScalarEvent):
                self._check(event)
                plain = event.implicit[0] and not event.style and event.value in _EMPTY
                self._put(None if plain else event.value, event)
            elif isinstance(event, yaml.CollectionStartEvent):
                self._check(event)
                if len(self._open) == DEEPEST:
                    self._refuse(event, f"stands more than {DEEPEST} levels deep: write it flat")
                    return
                made: dict[str, Any] | list[Any] = {} if isinstance(event, yaml.MappingStartEvent) else []
                self._put(made, event)
                self._open.append(_Collection(made))
            elif isinstance(event, yaml.CollectionEndEvent):
                self._open.pop()
            elif isinstance(event, yaml.AliasEvent):
                self._refuse(event, "an alias is used: write the value out")
                self._put("", event)
            elif isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._refuse(event, "a second document begins: keep one a file")

    def _check(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> None:
        if event.tag is not None:
            self._refuse(event, f"the tag {event.tag} is used: write the value as plain text")

    def _line(self, event: yaml.Event) -> int:
        assert event.start_mark is not None
        return int(event.start_mark.line) + 1 + self._before

    def _refuse(self, event: yaml.Event, what: str) -> None:
        self.refused = True
        self.faults.append(f"line {self._line(event)}: {what}")

    def _put(self, value: object, event: yaml.Event) -> None:
        if not self._open:
            self.content = value
            return
        top = self._open[-1]
        if isinstance(top.made, list):
            top.made.append(value)
        elif top.key is not _NONE:
            if top.key is not _SKIPPED:
                top.made[str(top.key)] = value
            top.key = _NONE
        elif not isinstance(value, str):
            self.faults.append(f"line {self._line(event)}: a key is not text: write a name before the colon")
            top.key = _SKIPPED
        elif value in top.lines:
            self.faults.append(
                f"line {self._line(event)}: key {value} stands twice (first in line {top.lines[value]}): "
                "keep one of the two"
            )
            top.key = _SKIPPED
        else:
            top.lines[value] = self._line(event)
            top.key = value


class _Collection:
    """A mapping or list not at its end; a mapping's key that waits for its value, and lines of its keys."""

    def __init__(self, made: dict[str, Any] | list[Any]) -> None:
        self.made = made
        self.key: object = _NONE
        self.lines: dict[str, int] = {}


def _syntax(text: str, error: yaml.YAMLError, before: int) -> str:
    if len(text) <= _MOST_TOLD:
        try:
            deque(yaml.parse(text, Loader=yaml.SafeLoader), maxlen=0)
        except yaml.YAMLError as told:
            error = told
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        where = f"line {mark.line + 1 + before}, column {mark.column + 1}: "
        what = error.problem or "not YAML"
    else:
        where, what = "", str(error).splitlines()[0]
    if "\\t" in what:
        return f"{where}a tab stands where YAML wants spaces: indent with spaces"
    return f"{where}not valid YAML ({what}): mend the line, or quote the text"
