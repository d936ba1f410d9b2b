"""Groups cases outside a lake: an in-memory DuckDB with schemes, their compiled rules and the models.

How a case is grouped, and why, is arithmetic; here stands only what runs it on a relation. What a case is for
the models is in `case_file.py`, and whole files are grouped in `group_file.py`.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb

from drg_pipeline.duck import connect, first_line, literal, quoted, records, with_schema
from drg_pipeline.errors import DrgError, WrongUse
from drg_pipeline.files import fresh_folder
from drg_pipeline.grouping.case_file import LAYOUT_FILE, NUMBER, CaseLayout, load_case_layout
from drg_pipeline.grouping.scheme import LAYOUT_FILE as SCHEME_FILES
from drg_pipeline.grouping.scheme import Scheme, fill_schemes
from drg_pipeline.ingest.reference_layout import load_reference_layout
from drg_pipeline.sql.account import ACCOUNT
from drg_pipeline.sql.project import Project

GROUPED = "grouped"


class Grouper:
    """Groups by the schemes it was given; `group` answers, `steps` says why.

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
        self._folder = fresh_folder()
        self.con = connect(threads=threads, memory_limit=memory_limit, spill=self._folder / "spill")
        try:
            # The order of the answers is that of the rows' numbers, given where they are written.
            self.con.execute("set preserve_insertion_order = false")
            self.con.execute(self.project.macros)
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

    # -- the models ----------------------------------------------------------------------------

    def _compile(self) -> None:
        """The tables that the answer reads and that no case changes."""
        layout = self.layout
        explained = [layout.path.explanation, layout.maps.record, layout.maps.refused]
        read = [
            layout.answer.model,
            *(up for name in explained for up in self.project.explanations[name].upstream),
        ]
        models, sources = self._needed(read)
        there = {f"{ACCOUNT}.{layout.maps.record}", *self._tables()}
        for table in sorted({*sources, layout.answer.model} - there):
            self._empty(table)
        for name in models:
            self._make(name, self.project.models[name].sql)

    def _needed(self, tables: Sequence[str]) -> tuple[list[str], set[str]]:
        """Models, in their order, and other tables that these read; the record's own are left out."""
        own = {self.layout.record.model, self.layout.answer.model, f"{ACCOUNT}.{self.layout.maps.record}"}
        wanted: set[str] = set()
        waiting = [*tables, *self.project.models[self.layout.answer.model].upstream]
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
        columns = ", ".join(f"{quoted(name)} {kind}" for name, kind in self.project.schema_of(table).items())
        self.con.execute(f"create or replace table {with_schema(self.con, table)} ({columns})")

    def _make(self, table: str, sql: str) -> None:
        self.con.execute(f"create or replace table {with_schema(self.con, table)} as {sql}")

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
        answer = self.project.models[layout.answer.model]
        try:
            self._make(layout.answer.model, answer.sql)
        except duckdb.Error as error:
            raise DrgError(f"{layout.answer.model} could not be computed.", [first_line(error)]) from error
        if map_codes:
            refused = self.project.explanations[layout.maps.refused].sql
            self.con.execute(f"insert into {layout.answer.model} by name {refused}")
            # A path tells of refused records too.
            self._show(f"from {ACCOUNT}.{layout.maps.record}")
        columns = ", ".join(f"{sql} as {quoted(name)}" for name, sql in layout.answer.columns.items())
        self.con.execute(
            f"create or replace temp view {GROUPED} as "
            f"select {layout.answer.number} as {NUMBER}, {columns}, leaf from {layout.answer.model}"
        )
        return GROUPED

    def steps(self) -> str:
        """The SELECT that explains the answers of the last call, step by step."""
        return self.project.explanations[self.layout.path.explanation].sql

    def paths(self, name: str) -> str:
        """A SELECT of each row's number and, called `name`, the steps in one line."""
        number = self.layout.answer.number
        return (
            f"select {number} as {NUMBER}, {self.layout.path.line} as {quoted(name)} "
            f"from ({self.steps()}) group by {number}"
        )

    def case(self, values: Mapping[str, Any], scheme: str, *, map_codes: bool = False) -> Mapping[str, Any]:
        """The answer to one case, given by the columns of a case file; `steps` then explains it."""
        listed = ", ".join(
            f"cast(? as {column.type.sql}) as {quoted(column.name)}" for column in self.layout.columns
        )
        given = [values.get(column.name) for column in self.layout.columns]
        self.con.execute(
            f"create or replace temp table one_case as select {listed}, 0::bigint as {NUMBER}", given
        )
        table = self.group("select * from one_case", scheme, map_codes=map_codes)
        return self.rows(f"select * exclude ({NUMBER}) from {table}")[0]

    def rows(self, sql: str) -> list[dict[str, Any]]:
        return records(self.con, sql)

    def _bind(self, scheme: str) -> None:
        if scheme not in self.schemes:
            raise WrongUse(
                f"The scheme {scheme!r} was not opened.", remedy=f"Open: {', '.join(self.schemes)}."
            )
        table, given = self.layout.binds.table, self.layout.binds.columns
        columns = ", ".join(
            f"cast({given.get(name, 'null')} as {kind}) as {quoted(name)}"
            for name, kind in self.project.schema_of(table).items()
        )
        self._make(table, f"select {columns} from (select {literal(scheme)} as scheme)")

    def _show_records(self, relation: str) -> None:
        columns = ", ".join(
            f"{sql} as {quoted(column)}" for column, sql in self.layout.record.columns.items()
        )
        self._show(f"select {columns} from ({relation})")

    def _show(self, records: str) -> None:
        self.con.execute(f"create or replace view {self.layout.record.model} as {records}")

    def _map(self, relation: str, scheme: str) -> None:
        """Show the records with mapped codes; those that the maps refuse are answered later."""
        lacking = [
            table
            for table in self.layout.maps.tables
            if not self.con.execute(
                f"select 1 from {table} where scheme = {literal(scheme)} limit 1"
            ).fetchall()
        ]
        if lacking:
            raise WrongUse(
                f"The scheme {scheme} has no code maps to map by: {', '.join(lacking)}.",
                state="Nothing was written.",
                remedy="Group without --map-codes, or add the maps to the scheme.",
            )
        self._show_records(relation)
        mapped = f"{ACCOUNT}.{self.layout.maps.record}"
        self._make(mapped, self.project.explanations[self.layout.maps.record].sql)
        self._show(f"from {mapped} where reason is null")
