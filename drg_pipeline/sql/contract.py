"""What a model promises of its rows, checked on the candidate before anyone can read it.

Types as in columns.yml, the grain unique, no null where none is allowed, every kept key there, the row
rules of the header, and the invariants that guard the table. Rules are written in the models; this
module only asks them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import sqlglot
from sqlglot import exp

from drg_pipeline.errors import DrgError, Fault
from drg_pipeline.periods import Period
from drg_pipeline.sql.model import Model
from drg_pipeline.sql.project import Project

SAMPLES = 5
CONTRACT = "contract"


@dataclass
class Check:
    """The verdict of one rule on one partition.

    rows      SELECT of the rows that break the rule, while the candidate can be read
    shown     the columns of them that say why
    file      where those rows are kept, for a rule that is broken
    """

    id: str
    group: str
    passed: bool
    blocking: bool
    describe: str
    failing: int = 0
    samples: list[str] = field(default_factory=list)
    rows: str = field(default="", repr=False)
    shown: tuple[str, ...] = ()
    file: Path | None = None

    def __str__(self) -> str:
        if self.passed:
            return f"{self.id}: passed"
        return f"{self.id}: {self.failing} rows. {self.describe} For example: {'; '.join(self.samples)}"


class Contract:
    """The promises of one model."""

    def __init__(self, project: Project, model: Model) -> None:
        self.project = project
        self.model = model

    def groups(self) -> dict[str, str]:
        """What people see as one check each: the table's contract, and every invariant that guards it."""
        invariants = {
            invariant.id: invariant.describe for invariant in self.project.invariants_of(self.model.name)
        }
        rules = [rule.describe for rule in self.rules() if rule.group == CONTRACT]
        return {CONTRACT: " ".join(rules), **invariants}

    def check_types(self, con: duckdb.DuckDBPyConnection, relation: str) -> list[tuple[str, str]]:
        """The columns with their types, after they were found to be those of columns.yml."""
        found = [(str(row[0]), str(row[1])) for row in con.execute(f"describe {relation}").fetchall()]
        promised = {name: self.project.column(self.model.name, name).type for name, _ in found}
        faults = [
            Fault(f"{self.model.name}.{name}", f"is {kind}, columns.yml says {promised[name]}")
            for name, kind in found
            if kind.replace(" ", "") != promised[name].replace(" ", "")
        ]
        if faults:
            raise DrgError(f"{self.model.name} does not have the types of its contract.", faults)
        return found

    def checks(
        self, con: duckdb.DuckDBPyConnection, partitions: Sequence[Period]
    ) -> dict[Period, list[Check]]:
        """Every check by partition. The candidate is the view of the model's name; a rule that names no
        partition is judged for all of them together."""
        found: dict[Period, list[Check]] = {partition: [] for partition in partitions}
        rules = list(self.rules())
        held = self._held(con, rules)
        for rule in rules:
            rows = (
                []
                if rule.id in held
                else con.execute(
                    f"select p, count(*), list(sample order by sample)[1:{SAMPLES}] "
                    f"from ({rule.failing}) as f(p, sample) group by p"
                ).fetchall()
            )
            failed = {partition: (int(count), list(samples)) for partition, count, samples in rows}
            everywhere = failed.get(None, (0, []))
            for partition in partitions:
                count, samples = failed.get(str(partition), everywhere)
                check = Check(rule.id, rule.group, count == 0, rule.blocking, rule.describe, count, samples)
                check.rows, check.shown = rule.rows, rule.shown
                if str(partition) in failed:
                    check.rows = (
                        f"select * from ({rule.rows}\n) as r where cast({self.model.partition} as varchar) = "
                        f"'{partition}'"
                    )
                found[partition].append(check)
        return found

    def _held(self, con: duckdb.DuckDBPyConnection, rules: Sequence[Rule]) -> set[str]:
        """The rules that one pass over the table shows to hold; of the others it says nothing."""
        quick = [rule for rule in rules if rule.holds]
        row = con.execute(
            f"select {', '.join(rule.holds for rule in quick)} from {self.model.name}"
        ).fetchone()
        assert row
        return {rule.id for rule, holds in zip(quick, row, strict=True) if holds}

    def rules(self) -> Iterator[Rule]:
        model, table = self.model, self.model.name
        keys = ", ".join(model.grain)
        sample = sample_of(model.grain)
        part = self._partition_of(model.columns)
        yield Rule(
            "grain_is_unique",
            f"One row for each {keys}.",
            f"select {part}, {sample} from {table} group by {keys} having count(*) > 1",
            f"select * from {table} qualify count(*) over (partition by {keys}) > 1",
            model.grain,
            # Keys of different hashes are different; to compare hashes costs a third.
            holds=f"count(*) = count(distinct hash({keys}))",
        )
        required = [column for column in model.columns if column not in model.nullable]
        empty = ", ".join(f"case when {column} is null then '{column}' end" for column in required)
        is_lacking = " or ".join(f"{column} is null" for column in required)
        lacking = f"{table} where {is_lacking}"
        yield Rule(
            "no_unexpected_null",
            "A column that is always filled is empty: most often a row of policy or reference is missing.",
            f"select {part}, {sample} || ' lacks ' || concat_ws(', ', {empty}) from {lacking}",
            f"select concat_ws(', ', {empty}) as lacks, * from {lacking}",
            ("lacks", *model.grain),
            holds=_none(is_lacking),
        )
        for kept, kept_keys in model.keeps.items():
            on = " and ".join(f"o.{column} = k.{column}" for column in kept_keys)
            lost = f"{kept} as k where not exists (select 1 from {table} as o where {on})"
            yield Rule(
                keeps_id(kept),
                f"Every {', '.join(kept_keys)} of {kept} comes out.",
                f"select {self._partition_of(kept_keys, 'k.')}, {sample_of(kept_keys, 'k.')} from {lost}",
                f"select k.* from {lost}",
                kept_keys,
            )
        for check in model.checks:
            is_broken = f"({check.expect}) is not true"
            yield Rule(
                check.id,
                check.describe,
                f"select {part}, {sample} from {table} where {is_broken}",
                f"select * from {table} where {is_broken}",
                tuple(dict.fromkeys((*model.grain, *columns_in(check.expect, model.columns)))),
                holds=_none(is_broken),
            )
        for invariant in self.project.invariants_of(table):
            names = invariant.columns
            yield Rule(
                invariant.id,
                invariant.describe,
                f"select {self._partition_of(names)}, {sample_of(names)} from ({invariant.sql}\n) as broken",
                invariant.sql,
                names,
                invariant.severity == "error",
                invariant.id,
            )

    def _partition_of(self, columns: Sequence[str], prefix: str = "") -> str:
        """The partition a failing row belongs to, as text; null where its rule does not say."""
        kind = self.model.partition
        return f"cast({prefix}{kind} as varchar)" if kind in columns else "cast(null as varchar)"


@dataclass(frozen=True)
class Rule:
    """`failing` yields (partition, sample) for each row that breaks the rule, `rows` those rows whole.

    shown  the columns of `rows` that say which row it is and why
    holds  an aggregate over the table that is true only if no row breaks the rule, where there is one
    """

    id: str
    describe: str
    failing: str
    rows: str
    shown: tuple[str, ...]
    blocking: bool = True
    group: str = CONTRACT
    holds: str = ""


def _none(broken: str) -> str:
    return f"not coalesce(bool_or({broken}), false)"


def keeps_id(table: str) -> str:
    return f"keeps_{table.replace('.', '_')}"


def columns_in(expect: str, columns: Sequence[str]) -> list[str]:
    """The columns that a row rule looks at, in the order it names them."""
    found = sqlglot.parse_one(expect, read="duckdb").find_all(exp.Column, bfs=False)
    return [column.name for column in found if column.name in columns]


def sample_of(columns: Sequence[str], prefix: str = "") -> str:
    """SQL that writes a row's key for a message."""
    parts = ", ".join(
        f"'{column}=' || coalesce(cast({prefix}{column} as varchar), 'null')" for column in columns
    )
    return f"concat_ws(' ', {parts})"
