"""One model file: a YAML header between `/*---` and `---*/`, then one plain SELECT.

The path is the table's name (`pricing/case_point.sql` is `pricing.case_point`). This module reads
and refuses; it does not know what a model computes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import sqlglot
import yaml
from sqlglot import exp

from drg_pipeline.errors import DrgError, Fault

# libyaml takes a fifth of the time, where it is there.
SAFE_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
HEADER = re.compile(r"\A/\*---\n(?P<yaml>.*?)\n---\*/\n(?P<sql>.*)\Z", re.S)
WORD = re.compile(r"[a-z_][a-z0-9_.]*")
PARTITIONS = ("month", "year", "none")
HEADER_KEYS = {
    "describe",
    "grain",
    "partition",
    "sealed",
    "keeps",
    "reads",
    "nullable",
    "checks",
    "flags",
    "law",
    "slice",
    "like",
}
INVARIANT_KEYS = {"describe", "guards", "reads", "law", "severity"}
READ_KEYS = {"months", "years", "within_year", "year_from", "deliveries_of"}
LAW_COMMENT = re.compile(r"--\s*law:\s*([A-Z][A-Z0-9-]*(?:\s*,\s*[A-Z][A-Z0-9-]*)*)")


@dataclass(frozen=True)
class Reads:
    """Which partitions of an upstream table a step may see, where that is not its own period.

    months        offsets (from, to) from the model's month; `within_year` keeps those of its year
    years         offsets (from, to) from the model's year
    year_from     `layer.table.column` that names the upstream year for each of the model's periods
    deliveries_of table (setl. month, delivery) that tells which deliveries the periods need
    """

    months: tuple[int, int] | None = None
    within_year: bool = False
    years: tuple[int, int] | None = None
    year_from: str | None = None
    deliveries_of: str | None = None


@dataclass(frozen=True)
class RowCheck:
    """A rule every row keeps: `expect` is SQL that is true for a good row."""

    id: str
    expect: str
    describe: str


@dataclass(frozen=True)
class Model:
    """A table of the arithmetic. `grain` are its key columns, `keeps` the keys that must come out.

    `slice_by` (month column, key column) says of an unpartitioned table what a month can depend on: every
    row of the keys that have a row in the month. `flags` names the catalogue (check_id, severity, title)
    whose rules are this model's boolean columns. `sealed` tables stand as they are once their period is
    closed.
    """

    name: str
    path: Path
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


def split_header(path: Path) -> tuple[dict[str, Any], str]:
    """The header as a mapping, and the SQL behind it."""
    found = HEADER.match(path.read_text(encoding="utf-8"))
    if not found:
        raise DrgError(
            f"{path.name} is not a model file.", remedy="Open it with /*--- (YAML) ---*/, then one SELECT."
        )
    header = yaml.load(found["yaml"], Loader=SAFE_LOADER)
    if not isinstance(header, dict):
        raise DrgError(f"{path.name}: the header is not a mapping.")
    return header, found["sql"].strip().rstrip(";")


def reads_of(raw: Any, where: str, faults: list[Fault]) -> dict[str, Reads]:
    """The `reads` of a header: table -> its partitions that are read; what is wrong goes to `faults`."""
    result: dict[str, Reads] = {}
    for table, spec in (raw or {}).items():
        unknown = set(spec) - READ_KEYS
        if unknown:
            faults.append(Fault(where, f"reads.{table}: unknown {', '.join(sorted(unknown))}"))
            continue
        pair = {key: (int(spec[key][0]), int(spec[key][1])) for key in ("months", "years") if key in spec}
        result[table] = Reads(
            months=pair.get("months"),
            years=pair.get("years"),
            within_year=bool(spec.get("within_year", False)),
            year_from=spec.get("year_from"),
            deliveries_of=spec.get("deliveries_of"),
        )
    return result


@dataclass(frozen=True)
class Parsed:
    """What the text of a query says: the tables it reads, and the columns it yields if it is one SELECT."""

    upstream: tuple[str, ...]
    columns: tuple[str, ...] | None


@lru_cache(maxsize=1024)
def parsed(sql: str) -> Parsed:
    """Parsing is most of what opening a region costs; a text is parsed once in a process."""
    trees = sqlglot.parse(sql, read="duckdb")
    tables = {f"{t.db}.{t.name}" for tree in trees if tree for t in tree.find_all(exp.Table) if t.db}
    first = trees[0] if len(trees) == 1 else None
    columns = tuple(first.named_selects) if isinstance(first, exp.Query) else None
    return Parsed(tuple(sorted(tables)), columns)


def tables_of(sql: str) -> tuple[str, ...]:
    """Every `layer.table` a SELECT reads, in order of name; CTE names are left out."""
    return parsed(sql).upstream


def selected(sql: str) -> tuple[str, ...]:
    """The columns a SELECT yields, by name."""
    columns = parsed(sql).columns
    if columns is None:
        raise DrgError("This is not a SELECT.", [sql[:80]])
    return columns


def _like(spec: Any, folder: Path, where: str, faults: list[Fault]) -> str:
    """The SELECT of another model with other names in the place of some of its tables and columns.

    `spec` is {model: layer.table, with: {name: other name}}; each name has to stand in that SELECT.
    """
    layer, _, table = str(spec["model"]).partition(".")
    text = split_header(folder / layer / f"{table}.sql")[1]
    names: Mapping[str, str] = spec["with"]
    unknown = (
        set(names) - set(WORD.findall(text)) - {part for w in WORD.findall(text) for part in w.split(".")}
    )
    faults += [Fault(where, f"like: {name} does not stand in {spec['model']}") for name in sorted(unknown)]
    for name, other in names.items():
        text = re.sub(rf"(?<![a-z0-9_]){re.escape(name)}(?![a-z0-9_])", other, text)
    return text


def read_model(path: Path, layer: str) -> Model:
    """Parse and check one model file; every fault of it in one error."""
    header, sql = split_header(path)
    name = f"{layer}.{path.stem}"
    faults = [Fault(name, f"unknown header key {key}") for key in sorted(set(header) - HEADER_KEYS)]
    faults += [
        Fault(name, f"header key {key} is missing")
        for key in ("describe", "grain", "partition")
        if key not in header
    ]
    if "like" in header:
        if sql:
            faults.append(Fault(name, "has a SELECT and is like another model: keep one of the two"))
        sql = _like(header["like"], path.parent.parent, name, faults)
    partition = str(header.get("partition"))
    if partition not in PARTITIONS:
        faults.append(Fault(name, f"partition is {partition}, not one of {', '.join(PARTITIONS)}"))
    if "sealed" in header and (header["sealed"] is not True or partition == "none"):
        faults.append(Fault(name, "sealed is `true` of a table with partitions, or it is left out"))
    reads = reads_of(header.get("reads"), name, faults)
    columns = parsed(sql).columns
    if columns is None:
        raise DrgError(f"{name} is not one SELECT.", faults)
    grain = tuple(header.get("grain") or ())
    nullable = frozenset(header.get("nullable") or ())
    for column in (*grain, *sorted(nullable)):
        if column not in columns:
            faults.append(Fault(name, f"{column} is named in the header and not selected"))
    if partition in ("month", "year") and partition not in columns:
        faults.append(Fault(name, f"is partitioned by {partition} and does not select it"))
    upstream = tables_of(sql)
    faults += [Fault(name, f"reads.{table} is not read") for table in sorted(set(reads) - set(upstream))]
    if faults:
        raise DrgError(f"The model {name} cannot be used.", faults)
    keeps = header.get("keeps") or {}
    cited = [c.strip() for group in LAW_COMMENT.findall(sql) for c in group.split(",")]
    return Model(
        name=name,
        path=path,
        sql=sql,
        describe=str(header["describe"]).strip(),
        grain=grain,
        partition=partition,
        keeps={table: tuple(keys) for table, keys in keeps.items()},
        reads=reads,
        nullable=nullable,
        checks=tuple(RowCheck(c["id"], c["expect"], c["describe"]) for c in header.get("checks") or ()),
        flags=header.get("flags"),
        sealed=bool(header.get("sealed", False)),
        law=tuple(dict.fromkeys([*(header.get("law") or ()), *cited])),
        slice_by=(header["slice"]["month"], header["slice"]["key"]) if "slice" in header else None,
        columns=columns,
        upstream=upstream,
    )


def read_invariant(path: Path) -> Invariant:
    """Parse one file of `invariants/`."""
    header, sql = split_header(path)
    faults = [Fault(path.stem, f"unknown header key {key}") for key in sorted(set(header) - INVARIANT_KEYS)]
    faults += [
        Fault(path.stem, f"header key {key} is missing")
        for key in ("describe", "guards")
        if key not in header
    ]
    reads = reads_of(header.get("reads"), path.stem, faults)
    if faults:
        raise DrgError(f"The invariant {path.stem} cannot be used.", faults)
    return Invariant(
        id=path.stem,
        path=path,
        sql=sql,
        describe=str(header["describe"]).strip(),
        guards=str(header["guards"]),
        reads=reads,
        law=tuple(header.get("law") or ()),
        severity=str(header.get("severity", "error")),
        upstream=tables_of(sql),
        columns=selected(sql),
    )
