"""Prints: results to standard output, what happens meanwhile to standard error, in the person's language.

A terminal gets tables drawn to its width, anything else plain aligned text. What is printed is decided
elsewhere.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TextIO, cast

from drg_pipeline import messages
from drg_pipeline.visible import lines, one_line

FOLDED = 12  # places to which a column of texts may be narrowed


@dataclass(frozen=True)
class Heading:
    """The head of a column; numbers stand to the right."""

    text: str
    number: bool = False


@dataclass(frozen=True)
class Grid:
    """A table to be printed: every cell is text already."""

    title: str
    headings: Sequence[Heading]
    rows: Sequence[Sequence[str]]
    more: int = 0  # rows that are not shown
    footer: Sequence[str] = field(default_factory=tuple)


@dataclass
class Screen:
    """Where one command prints, and in which language."""

    lang: str = "en"
    # Whether the command is the whole process, and no other program's call.
    alone: bool = False

    @property
    def terminal(self) -> bool:
        return sys.stdout.isatty()

    @property
    def watched(self) -> bool:
        """Whether a person follows the progress."""
        return sys.stderr.isatty()

    def text(self, key: str, **values: object) -> str:
        return messages.text(key, self.lang, **values)

    def line(self, text: str = "") -> None:
        print(lines(text), flush=True)

    def say(self, key: str, **values: object) -> None:
        self.line(self.text(key, **values))

    def aside(self, text: str) -> None:
        """What is no result: progress, warnings, errors."""
        print(lines(text), file=sys.stderr, flush=True)

    def output(self) -> TextIO:
        """Where rows go as they are; a terminal gets them harmless."""
        return cast("TextIO", _Shown(sys.stdout)) if self.terminal else sys.stdout

    def table(self, grid: Grid, *, fold: bool = True) -> None:
        """Print a table; `fold` lets long texts run over several lines of a terminal, numbers never."""
        grid = _visible(grid)
        if not self.terminal:
            for line in aligned(grid):
                self.line(line)
        elif least_width(grid, FOLDED if fold else None) <= shutil.get_terminal_size().columns:
            self._drawn(grid)
        else:
            for line in records(grid):
                self.line(line)
        if grid.more:
            self.say("table.more", count=grid.more)

    def _drawn(self, grid: Grid) -> None:
        from rich import box
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_footer=bool(grid.footer))
        for place, heading in enumerate(grid.headings):
            drawn.add_column(
                Text(heading.text),
                justify="right" if heading.number else "left",
                footer=Text(grid.footer[place]) if grid.footer else "",
                no_wrap=heading.number,
                overflow="fold",
            )
        for row in grid.rows:
            drawn.add_row(*(Text(cell) for cell in row))
        console = Console()
        if grid.title:
            console.print(Text(grid.title, style="bold"))
        console.print(drawn)


class _Shown:
    """A terminal that is written to."""

    def __init__(self, to: TextIO) -> None:
        self._to = to

    def write(self, text: str) -> int:
        return self._to.write(lines(text.replace("\r\n", "\n")))


def _visible(grid: Grid) -> Grid:
    """The table with every text in one line and nothing hidden."""
    return replace(
        grid,
        title=one_line(grid.title),
        headings=[replace(heading, text=one_line(heading.text)) for heading in grid.headings],
        rows=[[one_line(cell) for cell in row] for row in grid.rows],
        footer=[one_line(cell) for cell in grid.footer],
    )


def aligned(grid: Grid) -> list[str]:
    """Plain text with columns two spaces apart; a Chinese character takes two places."""
    rows = [[heading.text for heading in grid.headings], *grid.rows]
    if grid.footer:
        rows.append(grid.footer)
    widths = [max(cells(row[place]) for row in rows) for place in range(len(grid.headings))]
    lines = [grid.title] if grid.title else []
    for row in rows:
        padded = (
            " " * (width - cells(cell)) + cell if heading.number else cell + " " * (width - cells(cell))
            for cell, width, heading in zip(row, widths, grid.headings, strict=True)
        )
        lines.append("  ".join(padded).rstrip())
    return lines


def records(grid: Grid) -> list[str]:
    """One line a value, for rows that are wider than the terminal: no figure is ever cut."""
    margin = max(cells(heading.text) for heading in grid.headings)
    lines = [grid.title] if grid.title else []
    total = [grid.footer] if grid.footer else []
    for number, row in enumerate([*grid.rows, *total], 1):
        lines.append(f"-- {number if number <= len(grid.rows) else 'Σ'} {'-' * margin}")
        for heading, cell in zip(grid.headings, row, strict=True):
            lines.append(f"{heading.text}{' ' * (margin - cells(heading.text))}  {cell}".rstrip())
    return lines


def least_width(grid: Grid, folded: int | None) -> int:
    """The places that a drawn table needs, where texts may be folded to so many."""
    rows = [[heading.text for heading in grid.headings], *grid.rows, *([grid.footer] if grid.footer else [])]
    width = 2
    for place, heading in enumerate(grid.headings):
        widest = max(cells(row[place]) for row in rows)
        width += 2 + (widest if heading.number or folded is None else min(widest, folded))
    return width


def cells(text: str) -> int:
    """The places that a text takes on a terminal."""
    from rich.cells import cell_len

    return cell_len(text)


def shown(value: object, *, grouped: bool = False) -> str:
    """A value as people read it: decimals in full, thousands grouped where asked."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:,f}" if grouped else f"{value:f}"
    if isinstance(value, int):
        return f"{value:,}" if grouped else str(value)
    return one_line(str(value))
