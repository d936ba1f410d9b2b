"""Groups a whole file of cases in batches, into a file that appears only when it is whole.

Where the file says what somebody else's grouping gave, the answers are compared. What a case file looks like
is in `case_file.py`, how its cases are grouped is not known here.
"""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import duckdb

from drg_pipeline import disk
from drg_pipeline.duck import first_line, literal, quoted
from drg_pipeline.errors import DrgError, WrongUse
from drg_pipeline.files import publish, work_folder
from drg_pipeline.grouping.case_file import NUMBER, Cases, open_cases
from drg_pipeline.grouping.grouper import Grouper

# Rows that are grouped at once; a path takes more memory than an answer.
BATCH = 1_000_000
BATCH_WITH_PATHS = 50_000
DIFFERING = 10  # cases that are told where a file expects another answer
PATH = "path"

Progress = Callable[[int, int], None]
"""Rows done, rows in all."""


@dataclass(frozen=True)
class Difference:
    """A case whose answer is not the expected one, column by column; `row` counts from 1."""

    row: int
    case_id: str
    expected: Mapping[str, str | None]
    found: Mapping[str, str | None]


@dataclass
class Agreement:
    """Answers beside those that the file expects: cases compared, agreeing by column, differing."""

    compared: int = 0
    agreeing: Counter[str] = field(default_factory=Counter)
    differing: int = 0
    differences: list[Difference] = field(default_factory=list)


@dataclass(frozen=True)
class GroupedFile:
    """What was made of a file: its cases by status, most frequent first, and how they agree."""

    cases: Cases
    statuses: Mapping[str, int]
    seconds: float
    agreement: Agreement


def group_file(
    grouper: Grouper,
    cases: Path,
    scheme: str,
    out: Path,
    *,
    explain: bool = False,
    map_codes: bool = False,
    formulas: Sequence[str] = (),
    progress: Progress = lambda done, rows: None,
) -> GroupedFile:
    """Group every row of a file, in its order, into a CSV file.

    formulas  first characters of texts that get a ' before them, so that no spreadsheet runs them
    """
    start = time.monotonic()
    statuses: Counter[str] = Counter()
    agreement = Agreement()
    with _scratch(out) as folder:
        opened = open_cases(grouper.con, cases, grouper.layout, folder)
        whole, part = folder / "whole.csv", folder / "part.csv"
        with _told(cases, out), whole.open("wb") as target:
            for first, last in _batches(opened.rows, BATCH_WITH_PATHS if explain else BATCH):
                relation = opened.relation
                if (first, last) != (0, opened.rows):
                    relation = f"{relation} where {NUMBER} >= {first} and {NUMBER} < {last}"
                table = grouper.group(relation, scheme, map_codes=map_codes)
                _write(grouper, table, part, explain, formulas, header=first == 0)
                with part.open("rb") as piece:
                    shutil.copyfileobj(piece, target, 1 << 20)
                counted = grouper.con.execute(f"select status, count(*) from {table} group by status")
                statuses.update(dict(counted.fetchall()))
                if opened.expected:
                    _compare(grouper, opened, relation, table, agreement)
                progress(last, opened.rows)
        if statuses.total() != opened.rows:
            raise DrgError(
                f"{statuses.total():,} answers to {opened.rows:,} cases of {cases}.",
                state=f"{out} was not written.",
                remedy="This is a fault of the program.",
            )
        publish({whole: out})
    return GroupedFile(opened, dict(statuses.most_common()), time.monotonic() - start, agreement)


def _batches(rows: int, size: int) -> Iterator[tuple[int, int]]:
    """(first, past the last) of even batches; one batch of no rows writes the header."""
    count = max(1, -(-rows // size))
    return pairwise(rows * part // count for part in range(count + 1))


@contextmanager
def _told(cases: Path, out: Path) -> Iterator[None]:
    """What the database stops at (no room on the disk, no memory), in our words."""
    try:
        yield
    except duckdb.InterruptException:
        raise
    except duckdb.Error as error:
        if found := disk.refused(error):
            raise found from error
        raise DrgError(
            f"{cases} could not be grouped.", [first_line(error)], state=f"{out} was not written."
        ) from error


@contextmanager
def _scratch(out: Path) -> Iterator[Path]:
    """A folder beside the answer, so that the whole file can take its place in one step."""
    if out.is_dir() or not out.parent.is_dir():
        what = "is a folder" if out.is_dir() else f"cannot be written: there is no folder {out.parent}"
        raise WrongUse(f"{out} {what}.", remedy="Name a file in a folder that is there.")
    with work_folder(out.parent) as folder:
        yield folder


def _write(
    grouper: Grouper, table: str, part: Path, explain: bool, formulas: Sequence[str], *, header: bool
) -> None:
    marks = ", ".join(map(literal, formulas))

    def safe(column: str) -> str:
        return f"case when left({column}, 1) in ({marks}) then '''' || {column} else {column} end"

    columns = [(f"g.{quoted(name)}", quoted(name)) for name in grouper.layout.answer.columns]
    source = f"{table} as g"
    if explain:
        columns.append((f"p.{PATH}", PATH))
        source += f" left join ({grouper.paths(PATH)}) as p on p.{NUMBER} = g.{NUMBER}"
    written = ", ".join(f"{safe(column) if marks else column} as {name}" for column, name in columns)
    grouper.con.execute(
        f"copy (select {written} from {source} order by g.{NUMBER}) to {literal(part)} "
        f"(format csv, header {str(header).lower()})"
    )


# -- beside what the file expects --------------------------------------------------------------


def _compare(grouper: Grouper, opened: Cases, relation: str, table: str, agreement: Agreement) -> None:
    """Add one batch; a column without an expected value is not compared, nor a case without any."""
    wanted = {name: f"e.{quoted(grouper.layout.expected[name])}" for name in opened.expected}
    found = {name: f"g.{quoted(name)}" for name in opened.expected}
    both = f"{table} as g inner join ({relation}) as e on e.{NUMBER} = g.{NUMBER}"
    told = " or ".join(f"{column} is not null" for column in wanted.values())
    differs = " or ".join(f"coalesce({wanted[name]} <> {found[name]}, false)" for name in opened.expected)
    agree = ", ".join(
        f"count(*) filter (where not coalesce({wanted[name]} <> {found[name]}, false))"
        for name in opened.expected
    )
    compared, differing, *agreeing = grouper.con.execute(
        f"select count(*), count(*) filter (where {differs}), {agree} from {both} where {told}"
    ).fetchall()[0]
    agreement.compared += compared
    agreement.differing += differing
    agreement.agreeing.update(dict(zip(opened.expected, agreeing, strict=True)))
    room = DIFFERING - len(agreement.differences)
    if not differing or not room:
        return
    rows = grouper.con.execute(
        f"select g.{NUMBER} + 1, g.case_id, {', '.join([*wanted.values(), *found.values()])} from {both} "
        f"where {differs} order by g.{NUMBER} limit {room}"
    ).fetchall()
    size = len(opened.expected)
    for row, case_id, *values in rows:
        expected = dict(zip(opened.expected, values[:size], strict=True))
        answer = dict(zip(opened.expected, values[size:], strict=True))
        agreement.differences.append(Difference(row, case_id, expected, answer))
