"""What a model promises of its rows, checked on the candidate before anyone can read it.

Types as in columns.yml, the grain unique, no null where none is allowed, every kept key there, the row
rules of the header, and the invariants that guard the table. Rules are written in the models; this
module only asks them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import duckdb

from drg_pipeline.errors import DrgError, Fault
from drg_pipeline.sql.model import Model
from drg_pipeline.sql.project import Project

SAMPLES = 5
CONTRACT = "contract"


@dataclass
class Check:
    """The verdict of one rule on one partition."""

    id: str
    group: str
    passed: bool
    blocking: bool
    describe: str
    failing: int = 0
    samples: list[str] = field(default_factory=list)

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
        self, con: duckdb.DuckDBPyConnection, partitions: Sequence[str | None]
    ) -> dict[str | None, list[Check]]:
        """Every check by partition. The candidate is the view of the model's name; a rule that names no
        partition is judged for all of them together."""
        found: dict[str | None, list[Check]] = {partition: [] for partition in partitions}
        for rule in self.rules():
            rows = con.execute(
                f"select p, count(*), list(sample order by sample)[1:{SAMPLES}] "
                f"from ({rule.failing}) as f(p, sample) group by p"
            ).fetchall()
            failed = {partition: (int(count), list(samples)) for partition, count, samples in rows}
            everywhere = failed.get(None, (0, []))
            for partition in partitions:
                count, samples = failed.get(partition, everywhere) if partition is not None else everywhere
                found[partition].append(
                    Check(rule.id, rule.group, count == 0, rule.blocking, rule.describe, count, samples)
                )
        return found

    def rules(self) -> Iterator[Rule]:
        model, table = self.model, self.model.name
        keys = ", ".join(model.grain)
        sample = sample_of(model.grain)
        part = self._partition_of(model.columns)
        yield Rule(
            "grain_is_unique",
            f"One row for each {keys}.",
            f"select {part}, {sample} from {table} group by {keys} having count(*) > 1",
        )
        required = [column for column in model.columns if column not in model.nullable]
        empty = ", ".join(f"case when {column} is null then '{column}' end" for column in required)
        yield Rule(
            "no_unexpected_null",
            "A column that is always filled is empty: most often a row of policy or reference is missing.",
            f"select {part}, {sample} || ' lacks ' || concat_ws(', ', {empty}) from {table} "
            f"where {' or '.join(f'{column} is null' for column in required)}",
        )
        for kept, kept_keys in model.keeps.items():
            on = " and ".join(f"o.{column} = k.{column}" for column in kept_keys)
            yield Rule(
                keeps_id(kept),
                f"Every {', '.join(kept_keys)} of {kept} comes out.",
                f"select {self._partition_of(kept_keys, 'k.')}, {sample_of(kept_keys, 'k.')} "
                f"from {kept} as k "
                f"where not exists (select 1 from {table} as o where {on})",
            )
        for check in model.checks:
            yield Rule(
                check.id,
                check.describe,
                f"select {part}, {sample} from {table} where ({check.expect}) is not true",
            )
        for invariant in self.project.invariants_of(table):
            names = invariant.columns
            yield Rule(
                invariant.id,
                invariant.describe,
                f"select {self._partition_of(names)}, {sample_of(names)} from ({invariant.sql}\n) as broken",
                invariant.severity == "error",
                invariant.id,
            )

    def _partition_of(self, columns: Sequence[str], prefix: str = "") -> str:
        """The partition a failing row belongs to, as text; null where its rule does not say."""
        kind = self.model.partition
        return f"cast({prefix}{kind} as varchar)" if kind in columns else "cast(null as varchar)"


@dataclass(frozen=True)
class Rule:
    """`failing` yields (partition, sample) for each row that breaks the rule."""

    id: str
    describe: str
    failing: str
    blocking: bool = True
    group: str = CONTRACT


def keeps_id(table: str) -> str:
    return f"keeps_{table.replace('.', '_')}"


def sample_of(columns: Sequence[str], prefix: str = "") -> str:
    """SQL that writes a row's key for a message."""
    parts = ", ".join(
        f"'{column}=' || coalesce(cast({prefix}{column} as varchar), 'null')" for column in columns
    )
    return f"concat_ws(' ', {parts})"
