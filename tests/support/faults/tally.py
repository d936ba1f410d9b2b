"""What was tried and what came of it, as a table: printed at the end of the tests, and written where it is asked for.

DRG_FAULT_TABLE names a file for it. Several workers write one table.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from support.faults.trial import Came


TABLE_VARIABLE = "DRG_FAULT_TABLE"
OUTCOMES = ("killed", "stopped", "done")
WRONG = "wrong"
HEADINGS = ("what was done", "to", "times", *OUTCOMES, WRONG)


def asked(name: str, default: int) -> int:
    """A number that the environment gives: DRG_KILLS, DRG_INPUTS, DRG_SEED."""
    return int(os.environ.get(name, default))


SEED = asked("DRG_SEED", 20250331)


class Tally:
    """Counts of one process, which it adds to those of the others in a file."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)

    def add(self, what: str, to: str, outcome: str, wrong: bool = False, times: int = 1) -> None:
        self.counts[what, to].update({outcome: times, **({WRONG: times} if wrong else {})})

    def came(self, what: str, to: str, came: Came) -> None:
        self.add(what, to, came.outcome, bool(came.wrong))

    def write(self) -> str:
        """Add what was counted; returns the table of all that was counted until now."""
        with open(self.file, "a+", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            for (what, to), counts in self.counts.items():
                file.write(json.dumps([what, to, counts]) + "\n")
            self.counts.clear()
            file.flush()
            file.seek(0)
            together: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
            for line in file:
                what, to, counts = json.loads(line)
                together[what, to].update(counts)
            table = _table(together)
            if place := os.environ.get(TABLE_VARIABLE):
                Path(place).write_text(table, encoding="utf-8")
        return table


def _table(counts: dict[tuple[str, str], Counter[str]]) -> str:
    """The table in Markdown, in order, with a last row of sums."""
    rows = [[what, to, *_numbers(found)] for (what, to), found in sorted(counts.items())]
    total: Counter[str] = sum(counts.values(), Counter())
    cells = [list(HEADINGS), *rows, ["all", "", *_numbers(total)]]
    wide = [max(len(row[at]) for row in cells) for at in range(len(HEADINGS))]

    def line(row: list[str]) -> str:
        texts = [
            text.ljust(width) if at < 2 else text.rjust(width)
            for at, (text, width) in enumerate(zip(row, wide))
        ]
        return f"| {' | '.join(texts)} |\n"

    rule = [("-" * width) if at < 2 else "-" * (width - 1) + ":" for at, width in enumerate(wide)]
    return "".join(map(line, [cells[0], rule, *cells[1:]]))


def _numbers(found: Counter[str]) -> list[str]:
    tried = sum(found[outcome] for outcome in OUTCOMES)
    return [str(tried), *(str(found[outcome]) for outcome in OUTCOMES), str(found[WRONG])]
