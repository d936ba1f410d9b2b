"""A place in one of our own files: what may stand there, and a fault for what does not belong.

Every question answers with an empty value where the answer is a fault, so that one reading finds all faults.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from drg_pipeline.errors import Fault


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
        return Place(self.file, self.faults, (*self.path[:-1], f"{self.path[-1]}[{position}]"))

    def fault(self, what: str) -> None:
        self.faults.append(Fault(": ".join(filter(None, (self.file, ".".join(self.path)))), what))

    def mapping(self, node: object, required: Iterable[str], optional: Iterable[str] = ()) -> dict[str, Any]:
        """The keys of a mapping; what is missing or unknown becomes a fault, never an exception."""
        required, known = tuple(required), (*required, *optional)
        if not isinstance(node, dict):
            self.fault(f"must be a mapping with the keys {', '.join(known)}")
            return {}
        for key in node:
            if key not in known:
                near = difflib.get_close_matches(key, known, n=1)
                hint = f"did you mean {near[0]}?" if near else f"known here: {', '.join(known)}"
                self.at(key).fault(f"unknown key: {hint}")
        for key in required:
            if key not in node:
                self.at(key).fault("missing key: add it")
        return {key: value for key, value in node.items() if key in known}

    def named(self, node: object, what: str) -> dict[str, Any]:
        """A mapping whose keys are names of our own (parameters, columns, clauses)."""
        if not isinstance(node, dict) or not node:
            self.fault(f"must be a mapping of {what}, with at least one entry")
            return {}
        return node

    def sequence(self, node: object, what: str, *, empty: bool = False) -> list[Any]:
        if not isinstance(node, list) or (not node and not empty):
            self.fault(f"must be a list of {what}{'' if empty else ', with at least one entry'}")
            return []
        return node

    def text(self, node: object) -> str:
        if not isinstance(node, str) or not node.strip():
            self.fault("must be a text: fill it in")
            return ""
        return node.strip()

    def choice(self, node: object, allowed: Iterable[str]) -> str:
        allowed = tuple(allowed)
        if node not in allowed:
            self.fault(f"{node!r} is not one of: {', '.join(allowed)}")
            return ""
        return str(node)
