"""Groups cases outside a lake: an in-memory DuckDB with schemes, their compiled rules and the project's models.

What a case file looks like is in `case_file.py`; how a case is grouped, and why, is arithmetic. Here stands
only what runs it: on a relation, or on a file of any length in batches.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb

from drg_pipeline.errors import DrgError, WrongUse
from drg_pipeline.grouping.case_file import (
    LAYOUT_FILE,
    NUMBER,
    TYPES,
    Cases,
    CaseLayout,
    load_case_layout,
    open_cases,
)
from drg_pipeline.grouping.scheme import LAYOUT_FILE as SCHEME_FILES
from drg_pipeline.grouping.scheme import Scheme, fill_schemes
from drg_pipeline.ingest.reference_layout import load_reference_layout
from drg_pipeline.lake.digest import quoted
from drg_pipeline.lake.engine import first_line, sql_text
from drg_pipeline.sql.project import EXPLAIN, Project

# Rows that are grouped at once; a path takes more memory than an answer.
BATCH = 500_000
BATCH_WITH_PATHS = 100_000
DIFFERING = 10  # cases that are told where a file expects another answer
GROUPED = "grouped"
PATH = "path"

Progress = Callable[[int, int], None]
"""Rows done, rows in all."""


@dataclass(frozen=True)
class Difference:
    """A case whose answer is not the expected one, column by column."""

    row: int
    case_id: str
    expected: Mapping[str, str | None]
    found: Mapping[str, str | None]


@dataclass(frozen=True)
class GroupedFile:
    """What was made of a file: rows by status, and where the file expects answers, how many agree."""

    cases: Cases
    statuses: Mapping[str, int]
    seconds: float
    compared: int
    agreeing: Mapping[str, int]
    differing: int
    differences: Sequence[Difference]


class Grouper:
    """Groups by the schemes it was given; `group` a relation, `group_file` a file, `steps` says why.

    relation  a SELECT with the columns of a case file, typed, and `record_no`, the number of each row
    """

    def __init__(
        self,
        project: Project,
        interface: Path,
        schemes: Sequence[Scheme],
        *,
        threads: int | None = None,
        memory_limit: str | None = None,
    ) -> None:
        self.project = project
        self.layout: CaseLayout = load_case_layout(interface / LAYOUT_FILE)
        self.schemes = {scheme.name: scheme for scheme in schemes}
        self._folder = Path(tempfile.mkdtemp(prefix="drg-group-"))
        self.con = duckdb.connect()
        try:
            self._configure(threads, memory_limit)
            fill_schemes(self.con, load_reference_layout(interface / SCHEME_FILES), schemes)
            self._compile()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self.con.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _configure(self, threads: int | None, memory_limit: str | None) -> None:
        con = self.con
        con.execute("set autoinstall_known_extensions = false")
        con.execute("set autoload_known_extensions = false")
        con.execute(f"set temp_directory = '{sql_text(self._folder / 'spill')}'")
        if threads:
            con.execute(f"set threads = {int(threads)}")
        if memory_limit:
            con.execute(f"set memory_limit = '{sql_text(memory_limit)}'")
        # The order of the answers is that of the rows' numbers, given where they are written.
        con.execute("set preserve_insertion_order = false")
        con.execute(self.project.macros)

    # -- the models ----------------------------------------------------------------------------

    def _compile(self) -> None:
        """The tables that the answer reads and that no case changes."""
        layout = self.layout
        explained = [layout.path, layout.mapped, layout.refused]
        read = [layout.answer, *(up for name in explained for up in self.project.explanations[name].upstream)]
        models, sources = self._needed(read)
        there = {f"{EXPLAIN}.{layout.mapped}", *self._tables()}
        for table in sorted({*sources, layout.answer} - there):
            self._empty(table)
        for name in models:
            self._make(name, self.project.models[name].sql)

    def _needed(self, tables: Sequence[str]) -> tuple[list[str], set[str]]:
        """Models, in their order, and other tables that these read; the record's own are left out."""
        own = {self.layout.record, self.layout.answer, f"{EXPLAIN}.{self.layout.mapped}"}
        wanted: set[str] = set()
        waiting = [*tables, *self.project.models[self.layout.answer].upstream]
        while waiting:
            table = waiting.pop()
            if table not in wanted | own:
                wanted.add(table)
                model = self.project.models.get(table)
                waiting += model.upstream if model else ()
        return [name for name in self.project.models if name in wanted], wanted - self.project.models.keys()

    def _tables(self) -> list[str]:
        found = self.con.execute(
            "select table_schema || '.' || table_name from information_schema.tables"
        ).fetchall()
        return [str(name) for (name,) in found]

    def _empty(self, table: str) -> None:
        columns = ", ".join(
            f"{quoted(name)} {kind}" for name, kind in self.project.schema_of(table).items()
        )
        self._schema(table)
        self.con.execute(f"create or replace table {table} ({columns})")

    def _schema(self, table: str) -> None:
        self.con.execute(f"create schema if not exists {quoted(table.split('.')[0])}")

    def _make(self, table: str, sql: str) -> None:
        self._schema(table)
        self.con.execute(f"create or replace table {table} as {sql}")

    # -- cases ---------------------------------------------------------------------------------

    def group(self, relation: str, scheme: str, *, map_codes: bool = False) -> str:
        """The name of a table with each row's number and answer, until the next call.

        Its columns: record_no, those of the answer as the layout has them, leaf.
        """
        layout = self.layout
        self._bind(scheme)
        if map_codes:
            self._map(relation, scheme)
        else:
            self._show_records(relation)
        answer = self.project.models[layout.answer]
        try:
            self._make(layout.answer, answer.sql)
        except duckdb.Error as error:
            raise DrgError(f"{layout.answer} could not be computed.", [first_line(error)]) from error
        if map_codes:
            self.con.execute(
                f"insert into {layout.answer} by name {self.project.explanations[layout.refused].sql}"
            )
            # A path tells of refused records too.
            self._show(f"from {EXPLAIN}.{layout.mapped}")
        columns = ", ".join(f"{sql} as {quoted(name)}" for name, sql in layout.answer_columns.items())
        self.con.execute(
            f"create or replace temp view {GROUPED} as "
            f"select {layout.number} as {NUMBER}, {columns}, leaf from {layout.answer}"
        )
        return GROUPED

    def steps(self) -> str:
        """The SELECT that explains the answers of the last call, step by step."""
        return self.project.explanations[self.layout.path].sql

    def case(self, values: Mapping[str, Any], scheme: str, *, map_codes: bool = False) -> Mapping[str, Any]:
        """The answer to one case, given by the columns of a case file; `steps` then explains it."""
        listed = ", ".join(
            f"cast(? as {TYPES[column.kind]}) as {quoted(column.name)}" for column in self.layout.columns
        )
        given = [values.get(column.name) for column in self.layout.columns]
        self.con.execute(f"create or replace temp table one_case as select {listed}, 0::bigint as {NUMBER}", given)
        table = self.group("select * from one_case", scheme, map_codes=map_codes)
        return self.rows(f"select * exclude ({NUMBER}) from {table}")[0]

    def rows(self, sql: str) -> list[dict[str, Any]]:
        cursor = self.con.execute(sql)
        names = [str(column[0]) for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def _bind(self, scheme: str) -> None:
        if scheme not in self.schemes:
            raise WrongUse(f"The scheme {scheme!r} was not opened.", remedy=f"Open: {', '.join(self.schemes)}.")
        table, given = self.layout.binds, self.layout.bind_columns
        columns = ", ".join(
            f"cast({given.get(name, 'null')} as {kind}) as {quoted(name)}"
            for name, kind in self.project.schema_of(table).items()
        )
        self._make(table, f"select {columns} from (select '{sql_text(scheme)}' as scheme)")

    def _show_records(self, relation: str) -> None:
        columns = ", ".join(f"{sql} as {quoted(column)}" for column, sql in self.layout.record_columns.items())
        self._show(f"select {columns} from ({relation})")

    def _show(self, records: str) -> None:
        self.con.execute(f"create or replace view {self.layout.record} as {records}")

    def _map(self, relation: str, scheme: str) -> None:
        """Show the records with mapped codes; those that the maps refuse stay apart and are answered later."""
        lacking = [
            table
            for table in self.layout.maps
            if not self.con.execute(
                f"select 1 from {table} where scheme = '{sql_text(scheme)}' limit 1"
            ).fetchall()
        ]
        if lacking:
            raise WrongUse(
                f"The scheme {scheme} has no code maps to map by: {', '.join(lacking)}.",
                state="Nothing was written.",
                remedy="Group without --map-codes, or add the maps to the scheme.",
            )
        self._show_records(relation)
        mapped = f"{EXPLAIN}.{self.layout.mapped}"
        self._make(mapped, self.project.explanations[self.layout.mapped].sql)
        self._show(f"from {mapped} where reason is null")

    # -- files ---------------------------------------------------------------------------------

    def group_file(
        self,
        cases: Path,
        scheme: str,
        out: Path,
        *,
        explain: bool = False,
        map_codes: bool = False,
        formulas: Sequence[str] = (),
        progress: Progress = lambda done, rows: None,
    ) -> GroupedFile:
        """Group every row of a file, in its order, into a CSV file that appears only when it is whole.

        formulas  first characters of texts that get a ' before them, so that no spreadsheet runs them
        """
        start = time.monotonic()
        statuses: dict[str, int] = {}
        agreeing: dict[str, int] = {}
        compared = differing = 0
        differences: list[Difference] = []
        with _scratch(out) as folder:
            opened = open_cases(self.con, cases, self.layout, folder)
            whole = folder / "whole.csv"
            with whole.open("wb") as target:
                for first, last in _batches(opened.rows, BATCH_WITH_PATHS if explain else BATCH):
                    relation = opened.relation
                    if (first, last) != (0, opened.rows):
                        relation = f"{relation} where {NUMBER} >= {first} and {NUMBER} < {last}"
                    table = self.group(relation, scheme, map_codes=map_codes)
                    part = folder / "part.csv"
                    self._write(table, part, explain, formulas, header=first == 0)
                    with part.open("rb") as piece:
                        shutil.copyfileobj(piece, target, 1 << 20)
                    counted = self.con.execute(f"select status, count(*) from {table} group by status").fetchall()
                    for status, count in counted:
                        statuses[status] = statuses.get(status, 0) + count
                    if opened.expected:
                        found = self._compare(opened, relation, table)
                        compared += found[0]
                        differing += found[1]
                        for name, count in found[2].items():
                            agreeing[name] = agreeing.get(name, 0) + count
                        if found[1] and len(differences) < DIFFERING:
                            differences += self._differences(opened, relation, table)
                    progress(last, opened.rows)
                target.flush()
                os.fsync(target.fileno())
            answered = sum(statuses.values())
            if answered != opened.rows:
                raise DrgError(
                    f"{answered:,} answers to {opened.rows:,} cases of {cases}: this is a fault of the program.",
                    state=f"{out} was not written.",
                )
            os.replace(whole, out)
        return GroupedFile(
            opened,
            dict(sorted(statuses.items(), key=lambda item: -item[1])),
            time.monotonic() - start,
            compared,
            agreeing,
            differing,
            differences[:DIFFERING],
        )

    def _write(self, table: str, part: Path, explain: bool, formulas: Sequence[str], *, header: bool) -> None:
        def safe(column: str) -> str:
            marks = ", ".join(f"'{sql_text(mark)}'" for mark in formulas)
            plain = f"g.{quoted(column)}"
            return f"case when left({plain}, 1) in ({marks}) then '''' || {plain} else {plain} end" if marks else plain

        columns = [f"{safe(name)} as {quoted(name)}" for name in self.layout.answer_columns]
        source = f"{table} as g"
        if explain:
            columns.append(f"p.{PATH}")
            source += f" left join ({self._paths()}) as p on p.{NUMBER} = g.{NUMBER}"
        self.con.execute(
            f"copy (select {', '.join(columns)} from {source} order by g.{NUMBER}) to '{sql_text(part)}' "
            f"(format csv, header {str(header).lower()})"
        )

    def _paths(self) -> str:
        return (
            f"select {self.layout.number} as {NUMBER}, {self.layout.line} as {PATH} "
            f"from ({self.steps()}) group by {self.layout.number}"
        )

    def _compare(self, opened: Cases, relation: str, table: str) -> tuple[int, int, dict[str, int]]:
        """Rows with an expected answer, those that differ, and for each column those that agree."""
        wanted = {name: f"e.{quoted(self.layout.expected[name])}" for name in opened.expected}
        told = " or ".join(f"{column} is not null" for column in wanted.values())
        same = ", ".join(
            f"count(*) filter (where {column} is null or {column} = g.{quoted(name)})"
            for name, column in wanted.items()
        )
        compared, differing, *agree = self.con.execute(
            f"select count(*), count(*) filter (where {self._differ(opened)}), {same} "
            f"from {table} as g inner join ({relation}) as e on e.{NUMBER} = g.{NUMBER} where {told}"
        ).fetchall()[0]
        return compared, differing, dict(zip(opened.expected, agree, strict=True))

    def _differ(self, opened: Cases) -> str:
        return " or ".join(
            f"coalesce(e.{quoted(self.layout.expected[name])} <> g.{quoted(name)}, false)"
            for name in opened.expected
        )

    def _differences(self, opened: Cases, relation: str, table: str) -> list[Difference]:
        expected = [f"e.{quoted(self.layout.expected[name])}" for name in opened.expected]
        found = [f"g.{quoted(name)}" for name in opened.expected]
        rows = self.con.execute(
            f"select g.{NUMBER} + 1, g.case_id, {', '.join([*expected, *found])} from {table} as g "
            f"inner join ({relation}) as e on e.{NUMBER} = g.{NUMBER} where {self._differ(opened)} "
            f"order by g.{NUMBER} limit {DIFFERING}"
        ).fetchall()
        size = len(opened.expected)
        return [
            Difference(
                row,
                case_id,
                dict(zip(opened.expected, values[:size], strict=True)),
                dict(zip(opened.expected, values[size:], strict=True)),
            )
            for row, case_id, *values in rows
        ]


def _batches(rows: int, size: int) -> Iterator[tuple[int, int]]:
    """(first, past the last) of even batches; one empty batch of no rows writes the header."""
    count = max(1, -(-rows // size))
    bounds = [rows * part // count for part in range(count + 1)]
    yield from zip(bounds, bounds[1:], strict=False)


@contextmanager
def _scratch(out: Path) -> Iterator[Path]:
    """A folder beside the answer, so that the whole file can take its place in one step."""
    if out.is_dir() or not out.parent.is_dir():
        what = "is a folder" if out.is_dir() else f"cannot be written: there is no folder {out.parent}"
        raise WrongUse(f"{out} {what}.", remedy="Name a file in a folder that is there.")
    folder = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
