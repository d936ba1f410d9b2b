"""Files of the arithmetic, one thing each: models and invariants.

The path is the table's name (`pricing/case_point.sql` is `pricing.case_point`). This module reads
and refuses; it does not know what a model computes. A table of many files is `gather.py`'s, the account of a
claim `account.py`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from drg_pipeline.errors import DrgError, Fault
from drg_pipeline.sql.header import Reads, Split, check_keys, cited, read_reads, texts_of
from drg_pipeline.sql.methods import Choice, When, read_when
from drg_pipeline.sql.query import parsed, tables_of
from drg_pipeline.sql.shared import Composed, Shelf, composed

PARTITIONS = ("month", "year", "none")
MODEL_NEEDS = ("describe", "grain", "partition")
MODEL_KEYS = (
    *MODEL_NEEDS,
    "sealed",
    "keeps",
    "reads",
    "nullable",
    "checks",
    "flags",
    "law",
    "slice",
    "when",
)
INVARIANT_KEYS = ("describe", "guards", "reads", "law", "severity", "when")
One = TypeVar("One")


@dataclass(frozen=True)
class RowCheck:
    """A rule every row keeps: `expect` is SQL that is true for a good row."""

    id: str
    expect: str
    describe: str
    when: When = field(default_factory=dict)


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

    active  the column that is true of those in force; '' where all of them are
    """

    table: str
    column: str
    active: str = ""


@dataclass(frozen=True)
class Model:
    """A table of the arithmetic. `grain` are its key columns, `keeps` the keys that must come out.

    files     what it is written in: one file, or a folder's
    members   the files that are gathered into it, as far as they apply; none of a table of one file
    member    the column, or the field of what failing rules tell, that says which member it is; '' without
    listed_in where the law lists its members
    states    columns that members of the same name give: true fails, false passes, null does not apply
    slice_by  (month column, key column) says of an unpartitioned table what a month can depend on: every
              row of the keys that have a row in the month
    flags     the catalogue (check_id, severity, title) whose rules are this model's boolean columns
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
    flags: str | None = None
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

    @property
    def layer(self) -> str:
        return self.name.split(".")[0]

    @property
    def table(self) -> str:
        return self.name.split(".")[1]


@dataclass(frozen=True)
class Invariant:
    """A SELECT that returns the rows which break a rule across tables; `guards` cannot be published then."""

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


@dataclass(frozen=True)
class Reader:
    """How the files of one folder of models are read; `faults` gathers what is wrong with any of them."""

    split: Split
    choices: Mapping[str, Choice]
    faults: list[Fault]
    asked: set[str] = field(default_factory=set)
    """choices that decide on anything in the folder"""

    def when(self, header: Mapping[str, Any], where: str) -> When:
        """What a file waits for; nothing where it always applies."""
        if "when" not in header:
            return {}
        found = read_when(header["when"], self.choices, where, self.faults)
        self.asked.update(found)
        return found

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
        header, sql = self.split(path)
        check_keys(header, MODEL_NEEDS, MODEL_KEYS, name, self.faults)
        if self.columns(sql, name) is None:
            return None
        whole = composed(sql, shelf, name, self.faults)
        law = cited(header, sql)
        law += tuple(clause for shared in whole.shared for clause in shared.law)
        reads = read_reads(header.get("reads"), name, self.faults)
        return self.table(header, name, whole, reads, files=(path,), law=law)

    def table(
        self, header: Mapping[str, Any], name: str, text: Composed, reads: Mapping[str, Reads], **more: Any
    ) -> Model | None:
        """The model of a header and a text that can run, held against each other."""
        faults = self.faults
        columns, upstream = text.columns, text.upstream
        if columns is None or any(key not in header for key in MODEL_NEEDS):
            return None
        partition = str(header["partition"])
        if partition not in PARTITIONS:
            faults.append(Fault(name, f"partition is {partition}, not one of {', '.join(PARTITIONS)}"))
        if "sealed" in header and (header["sealed"] is not True or partition == "none"):
            faults.append(Fault(name, "sealed is `true` of a table with partitions, or it is left out"))
        grain, nullable = texts_of(header["grain"]), texts_of(header.get("nullable"))
        for column in (*grain, *sorted(nullable)):
            if column not in columns:
                faults.append(Fault(name, f"{column} is named in the header and not selected"))
        if partition in ("month", "year") and partition not in columns:
            faults.append(Fault(name, f"is partitioned by {partition} and does not select it"))
        faults += [Fault(name, f"reads.{table} is not read") for table in sorted(set(reads) - set(upstream))]
        more["law"] = tuple(dict.fromkeys(more["law"]))
        return Model(
            name=name,
            sql=text.sql,
            describe=str(header["describe"]).strip(),
            grain=grain,
            partition=partition,
            keeps={table: tuple(keys) for table, keys in (header.get("keeps") or {}).items()},
            reads=reads,
            nullable=frozenset(nullable) | frozenset(more.get("states", ())),
            checks=tuple(
                RowCheck(c["id"], c["expect"], c["describe"], self.when(c, f"{name}: {c['id']}"))
                for c in header.get("checks") or ()
            ),
            flags=header.get("flags"),
            sealed=bool(header.get("sealed", False)),
            slice_by=(header["slice"]["month"], header["slice"]["key"]) if "slice" in header else None,
            columns=columns,
            upstream=upstream,
            when=self.when(header, name),
            **more,
        )

    # -- what is no table ----------------------------------------------------------------------

    def invariant(self, path: Path) -> Invariant | None:
        """One file of `invariants/`."""
        said = self.said(path, ("describe", "guards"), INVARIANT_KEYS)
        if said is None:
            return None
        header, common = said
        return Invariant(
            **common, guards=str(header["guards"]), severity=str(header.get("severity", "error"))
        )

    def said(
        self, path: Path, needed: Sequence[str], known: Sequence[str]
    ) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """The header of a file that is no table, and what all such files have."""
        header, sql = self.split(path)
        check_keys(header, needed, known, path.stem, self.faults)
        columns = self.columns(sql, path.stem)
        if columns is None or any(key not in header for key in needed):
            return None
        return header, {
            "id": path.stem,
            "path": path,
            "sql": sql,
            "describe": str(header["describe"]).strip(),
            "reads": read_reads(header.get("reads"), path.stem, self.faults),
            "law": texts_of(header.get("law")),
            "upstream": tables_of(sql),
            "columns": columns,
            "when": self.when(header, path.stem),
        }

    def each(self, read: Callable[[Path], One | None], folder: Path) -> list[One]:
        """What the files of a folder are, as far as they can be read."""
        found = (self.tried(read, path) for path in sorted(folder.glob("*.sql")))
        return [one for one in found if one is not None]

    def tried(self, read: Callable[[Path], One | None], path: Path) -> One | None:
        """What a file is; one that cannot be parted is one fault among others."""
        try:
            return read(path)
        except DrgError as error:
            where = f"{path.parent.name}/{path.name}"
            self.faults.append(Fault(where, f"{error.headline} {error.remedy}".strip()))
            return None
