"""A place in one of our own files: what may stand there, and a fault for what does not belong.

Every question answers with an empty value where the answer is a fault, so that one reading finds all faults.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from drg_pipeline.errors import DrgError, Fault, did_you_mean


@dataclass(frozen=True)
class Place:
    """A place in a file, which collects what is wrong there."""

    file: str
    faults: list[Fault] = field(default_factory=list, compare=False)
    path: tuple[str, ...] = ()

    def at(self, key: str) -> Place:
        return Place(self.file, self.faults, (*self.path, key))

    def item(self, position: int) -> Place:
        """The n-th entry of the list here, counted from 1 as a person counts."""
        return Place(self.file, self.faults, (*self.path[:-1], f"{''.join(self.path[-1:])}[{position}]"))

    @property
    def name(self) -> str:
        """The key here; of a whole file its name without the ending."""
        return self.path[-1] if self.path else PurePath(self.file).stem

    def fault(self, what: str) -> None:
        path = ".".join(map(_shortened, self.path))
        self.faults.append(Fault(": ".join(filter(None, (self.file, path))), what))

    def refuse(self, headline: str, remedy: str) -> None:
        """DrgError where anything was wrong."""
        if self.faults:
            raise DrgError(headline, self.faults, remedy=remedy)

    def mapping(self, node: object, required: Iterable[str], optional: Iterable[str] = ()) -> dict[str, Any]:
        """The keys of a mapping; what is missing or unknown becomes a fault, never an exception."""
        required, known = tuple(required), (*required, *optional)
        if not isinstance(node, dict):
            self.fault(f"must be a mapping with the keys {', '.join(known)}; found {shown(node)}")
            return {}
        for key in node:
            if key not in known:
                near = did_you_mean(key, known) or f"; known here: {', '.join(known)}"
                self.at(key).fault(f"unknown key: {near[2:]}")
        for key in required:
            if key not in node:
                self.at(key).fault("missing key: add it")
        return {key: value for key, value in node.items() if key in known}

    def named(self, node: object, what: str, *, empty: bool = False) -> dict[str, Any]:
        """A mapping whose keys are names of our own (parameters, columns, clauses)."""
        if not isinstance(node, dict) or (not node and not empty):
            self.fault(f"must be a mapping of {what}{_filled(node, empty)}")
            return {}
        return node

    def sequence(self, node: object, what: str, *, empty: bool = False) -> list[Any]:
        if not isinstance(node, list) or (not node and not empty):
            self.fault(f"must be a list of {what}{_filled(node, empty)}")
            return []
        return node

    def text(self, node: object) -> str:
        if isinstance(node, dict | list):
            self.fault(f"must be a text; found {shown(node)}")
            return ""
        if not isinstance(node, str) or not node.strip():
            self.fault("must be a text: fill it in")
            return ""
        return node.strip()

    def choice(self, node: object, allowed: Iterable[str]) -> str:
        allowed = tuple(allowed)
        if isinstance(node, str) and node in allowed:
            return node
        near = did_you_mean(node, allowed) if isinstance(node, str) else ""
        self.fault(f"{shown(node)} is not one of: {', '.join(allowed)}{near}")
        return ""


def shown(node: object) -> str:
    """What stands in a file, as a message tells it."""
    if isinstance(node, str):
        return repr(_shortened(node))
    if isinstance(node, bool | int | float):
        # Only JSON has them: text of YAML stays text.
        return _shortened(str(node).lower())
    return "a mapping" if isinstance(node, dict) else "a list" if isinstance(node, list) else "nothing"


def _filled(node: object, empty: bool) -> str:
    least = "" if empty else ", with at least one entry"
    return least if isinstance(node, dict | list) and not node else f"{least}; found {shown(node)}"


def _shortened(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:79]}…"
