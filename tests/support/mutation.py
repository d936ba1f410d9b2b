"""A tree of mappings and lists that is changed at one random place, as a person or a program may write it wrong."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any

ODD = (
    None,
    "",
    "x",
    "-1",
    "1e400",
    "9" * 400,
    "true",
    [],
    ["x"],
    [[]],
    [None],
    {},
    {"x": "y"},
    {"x": {"x": []}},
)

Node = dict[str, Any] | list[Any]


def spots(node: object) -> Iterator[tuple[Node, Any]]:
    """Every place of a tree: (mapping or list, key or position)."""
    if isinstance(node, dict | list):
        for key in list(node) if isinstance(node, dict) else range(len(node)):
            yield node, key
            yield from spots(node[key])


def changed(content: Node, chance: random.Random) -> tuple[Node, str]:
    """A copy that is changed at one place, and what was done there."""
    tree = copy.deepcopy(content)
    inside, key = chance.choice(list(spots(tree)))
    what = chance.choice(["odd", "odd", "odd", "gone", "twisted", "more"])
    if what == "gone":
        del inside[key]
    elif what == "twisted" and isinstance(inside, dict):
        inside[key[1:] + key[:1]] = inside.pop(key)
    elif what == "more" and isinstance(inside, dict):
        inside["never_heard_of"] = chance.choice(ODD)
    else:
        inside[key] = chance.choice(ODD)
    return tree, f"{what} at {key}"
