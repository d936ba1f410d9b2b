"""A tree of lines as plain text or drawn on a terminal. What the lines say is decided elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

from drg_pipeline.visible import one_line


@dataclass
class Node:
    """A line of the tree and what hangs below it.

    good   fulfilled, failed, or neither
    aside  what is said softly behind it
    """

    text: str
    good: bool | None = None
    below: list[Node] = field(default_factory=list)
    aside: str = ""


def plain(node: Node, before: str = "", own: str = "") -> Iterator[str]:
    """The tree as lines of text."""
    yield f"{own}{_mark(node)}{one_line(node.text)}{'  ' if node.aside else ''}{one_line(node.aside)}"
    for place, child in enumerate(node.below, 1):
        last = place == len(node.below)
        yield from plain(child, before + ("    " if last else "│   "), before + ("└── " if last else "├── "))


def draw(root: Node) -> None:
    """Draw the tree on standard output, to the width of the terminal."""
    from rich.console import Console
    from rich.text import Text
    from rich.tree import Tree

    def text(node: Node) -> Text:
        style = {None: "", True: "green", False: "red"}[node.good]
        soft = (f"  {one_line(node.aside)}", "dim") if node.aside else ""
        return Text.assemble((_mark(node), style), one_line(node.text), soft)

    def grow(tree: Tree, node: Node) -> None:
        for child in node.below:
            grow(tree.add(text(child)), child)

    tree = Tree(Text(one_line(root.text), style="bold"))
    grow(tree, root)
    Console(file=sys.stdout).print(tree)


def _mark(node: Node) -> str:
    return "" if node.good is None else "✓ " if node.good else "✗ "
