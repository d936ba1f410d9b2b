"""Files of the arithmetic, one thing each: models and invariants.

The path is the table's name (`pricing/case_point.sql` is `pricing.case_point`). This module reads
and refuses; it does not know what a model computes. A table of many files is `gather.py`'s, the account of a
claim `account.py`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from drg_pipeline.errors import Fault
from drg_pipeline.forms import EMPTY, ByLanguage, Place, one_of
from drg_pipeline.sql.header import Header, Names, Reads, Split, read_header
from drg_pipeline.sql.methods import Choice, When, check_when
from drg_pipeline.sql.query import parsed, tables_of
from drg_pipeline.sql.shared import Composed, Shelf, composed

PARTITIONS = ("month", "year", "none")
# Of a rule: whether a row breaks it, what it tells then; of the table: what the failing ones tell.
FAILS, DETAIL, DETAILS = "fails", "detail", "details"
One = TypeVar("One")
Said = TypeVar("Said", bound=Header)


@dataclass(frozen=True)
class RowCheck:
    """A rule every row keeps: `expect` is SQL that is true for a good row."""

    id: str
    expect: str
    describe: str
    when: When = field(default_factory=dict)


@dataclass(frozen=True)
class Slice:
    """The columns by which a month of an unpartitioned table is told from the rest of it."""

    month: str
    key: str


@dataclass(frozen=True, kw_only=True)
class ModelHeader(Header):
    """What is said of a table: of one file in its header, of many in `_table.yml`."""

    grain: tuple[str, ...]
    partition: Annotated[str, one_of(PARTITIONS)]
    sealed: bool = False
    keeps: Annotated[Mapping[str, tuple[str, ...]], EMPTY] = field(default_factory=dict)
    nullable: Names = ()
    checks: Annotated[tuple[RowCheck, ...], EMPTY] = ()
    slice: Slice | None = None

    def check(self, place: Place) -> None:
        if self.sealed and self.partition == "none":
            place.at("sealed").fault("is `true` of a table with partitions, or it is left out")


@dataclass(frozen=True, kw_only=True)
class InvariantHeader(Header):
    """What is said of a rule across tables."""

    guards: str
    severity: Literal["error", "warn"] = "error"
    says: ByLanguage | None = None

    def check(self, place: Place) -> None:
        if (self.severity == "warn") != (self.says is not None):
            place.at("says").fault("is what a run says of a rule that warns, and of no other")


@dataclass(frozen=True)
class Member:
    """One file of a gathered table; its name is what the table calls it."""

    name: str
    path: Path
    describe: str
    law: tuple[str, ...]
    when: When


@dataclass(frozen=True)
class Listing:
    """Where the law lists the members of a table: by a column of one of its tables.

    active    the column that is true of those in force; '' where all of them are
    severity  the column that says what a failure does, `fatal` or `warn`; '' of what are no rules
    title     the column with the names that people read, where there is a severity
    """

    table: str
    column: str
    active: str = ""
    severity: str = ""
    title: str = ""

    def check(self, place: Place) -> None:
        if bool(self.severity) != bool(self.title):
            place.fault("severity and title stand together: give both or neither")

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(filter(None, (self.column, self.active, self.severity, self.title)))


@dataclass(frozen=True)
class Model:
    """A table of the arithmetic. `grain` are its key columns, `keeps` the keys that must come out.

    files     what it is written in: one file, or a folder's
    members   the files that are gathered into it, as far as they apply; none of a table of one file
    member    the column, or the field of what failing rules tell, that says which member it is; '' without
    listed_in where the law lists its members
    states    columns that members of the same name give: true fails, false passes, null does not apply
    borrowed  its members are another table's rules, asked of other rows
    slice_by  (month column, key column) says of an unpartitioned table what a month can depend on: every
              row of the keys that have a row in the month
    sealed    its partitions stand as they are once their period is closed
    """

    name: str
    files: tuple[Path, ...]
    sql: str
    describe: str
    grain: tuple[str, ...]
    partition: str
    keeps: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    reads: Mapping[str, Reads] = field(default_factory=dict)
    nullable: frozenset[str] = frozenset()
    checks: tuple[RowCheck, ...] = ()
    sealed: bool = False
    law: tuple[str, ...] = ()
    slice_by: tuple[str, str] | None = None
    columns: tuple[str, ...] = ()
    upstream: tuple[str, ...] = ()
    when: When = field(default_factory=dict)
    members: tuple[Member, ...] = ()
    member: str = ""
    listed_in: Listing | None = None
    states: Mapping[str, Member] = field(default_factory=dict)
    borrowed: bool = False

    @property
    def layer(self) -> str:
        return self.name.split(".")[0]

    @property
    def table(self) -> str:
        return self.name.split(".")[1]

    @property
    def compiled(self) -> tuple[str, ...]:
        """Columns that no text selects: one a state, and what the failing ones tell."""
        return (*self.states, DETAILS) if self.states else ()

    @property
    def catalogue(self) -> Listing | None:
        """Where the law says how severe it is to fail one of its states; None of tables that nobody judges:
        those without rules, and those that ask another table's."""
        listed = self.listed_in if self.states and not self.borrowed else None
        return listed if listed and listed.severity else None


@dataclass(frozen=True)
class Invariant:
    """A SELECT that returns the rows which break a rule across tables; `guards` cannot be published then.

    says  language -> what a run says of a rule that only warns
    """

    id: str
    path: Path
    sql: str
    describe: str
    guards: str
    reads: Mapping[str, Reads]
    law: tuple[str, ...]
    severity: str
    upstream: tuple[str, ...]
    columns: tuple[str, ...]
    when: When = field(default_factory=dict)
    says: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Reader:
    """How the files of one folder of models are read; `faults` gathers what is wrong with any of them."""

    split: Split
    choices: Mapping[str, Choice]
    faults: list[Fault]
    asked: set[str] = field(default_factory=set)
    """choices that decide on anything in the folder"""

    def header(self, form: type[Said], path: Path, where: str) -> tuple[Said | None, str]:
        """The header of a file, None where it has none, and its SELECT."""
        header, sql = read_header(form, self.split, path, Place(where, self.faults))
        if header is not None:
            self.ask(header.when, where)
        return header, sql

    def ask(self, when: When, where: str) -> None:
        """Take note of what a file waits for."""
        check_when(when, self.choices, where, self.faults)
        self.asked.update(when)

    def columns(self, sql: str, where: str) -> tuple[str, ...] | None:
        """What a text yields; None, and a fault, where it is not one SELECT."""
        said = parsed(sql)
        if said.columns is None:
            self.faults.append(Fault(where, said.fault or "is not one SELECT"))
        return said.columns

    # -- models --------------------------------------------------------------------------------

    def model(self, path: Path, layer: str, shelf: Shelf) -> Model | None:
        """A table of one file."""
        name = f"{layer}.{path.stem}"
        header, sql = self.header(ModelHeader, path, name)
        if header is None or self.columns(sql, name) is None:
            return None
        whole = composed(sql, shelf, name, self.faults)
        law = header.cited(sql)
        law += tuple(clause for shared in whole.shared for clause in shared.law)
        return self.table(header, name, whole, header.reads, files=(path,), law=law)

    def table(
        self, header: ModelHeader, name: str, text: Composed, reads: Mapping[str, Reads], **more: Any
    ) -> Model | None:
        """The model of a header and a text that can run, held against each other."""
        faults = self.faults
        columns, upstream = text.columns, text.upstream
        if columns is None:
            return None
        for column in (*header.grain, *sorted(header.nullable)):
            if column not in columns:
                faults.append(Fault(name, f"{column} is named in the header and not selected"))
        if header.partition in ("month", "year") and header.partition not in columns:
            faults.append(Fault(name, f"is partitioned by {header.partition} and does not select it"))
        for check in header.checks:
            self.ask(check.when, f"{name}: {check.id}")
        faults += [Fault(name, f"reads.{table} is not read") for table in sorted(set(reads) - set(upstream))]
        more["law"] = tuple(dict.fromkeys(more["law"]))
        return Model(
            name=name,
            sql=text.sql,
            describe=header.describe,
            grain=header.grain,
            partition=header.partition,
            keeps=header.keeps,
            reads=reads,
            nullable=frozenset(header.nullable) | frozenset(more.get("states", ())),
            checks=header.checks,
            sealed=header.sealed,
            slice_by=(header.slice.month, header.slice.key) if header.slice else None,
            columns=columns,
            upstream=upstream,
            when=header.when,
            **more,
        )

    # -- what is no table ----------------------------------------------------------------------

    def invariant(self, path: Path) -> Invariant | None:
        """One file of `invariants/`."""
        found = self.said(InvariantHeader, path)
        if found is None:
            return None
        header, common = found
        return Invariant(**common, guards=header.guards, severity=header.severity, says=header.says or {})

    def said(self, form: type[Said], path: Path) -> tuple[Said, dict[str, Any]] | None:
        """The header of a file that is no table, and what all such files have."""
        header, sql = self.header(form, path, path.stem)
        if header is None or (columns := self.columns(sql, path.stem)) is None:
            return None
        return header, {
            "id": path.stem,
            "path": path,
            "sql": sql,
            "describe": header.describe,
            "reads": header.reads,
            "law": header.law,
            "upstream": tables_of(sql),
            "columns": columns,
            "when": header.when,
        }

    def each(self, read: Callable[[Path], One | None], folder: Path) -> list[One]:
        """What the files of a folder are, as far as they can be read."""
        found = (read(path) for path in sorted(folder.glob("*.sql")))
        return [one for one in found if one is not None]
