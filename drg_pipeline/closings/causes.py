"""Why a table that is computed again comes out differently: what upstream of it is not as it was.

Only digests and changed files are followed, from a table to what it reads; rows are compared elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from drg_pipeline.closings.manifest import (
    CODE,
    DATA,
    OUTPUT,
    SOURCES,
    STEP,
    TAKEN,
    TableEntry,
)
from drg_pipeline.lake.store import Footer
from drg_pipeline.periods import Period
from drg_pipeline.sql.project import Project

Node = tuple[str, Period]
"""table and partition"""


@dataclass(frozen=True)
class Cause:
    """What is not as it was: `kind` is a role of `closings.manifest`, `what` the tables or files."""

    kind: str
    what: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.kind}: {', '.join(self.what)}" if self.what else self.kind


@dataclass
class Causes:
    """Follows a table back to what is not as it was.

    before   each partition as the closing recorded it
    after    the footers of those that were computed again
    changed  role -> the held tables, deliveries' tables among them, that are not what was sealed
    code     the tables whose model is another than the one that was sealed
    """

    project: Project
    before: Mapping[Node, TableEntry]
    after: Mapping[Node, Footer]
    changed: Mapping[str, Iterable[str]]
    code: Iterable[str]
    _found: dict[str, set[str]] = field(default_factory=dict)

    def of(self, table: str) -> list[Cause]:
        """The likely causes; `output` alone where nothing that the table rests on has changed."""
        self._found = {}
        self._follow(table, set())
        found = [Cause(kind, tuple(sorted(what))) for kind, what in sorted(self._found.items()) if what]
        return found or [Cause(OUTPUT, (table,))]

    def _follow(self, table: str, seen: set[str]) -> None:
        seen.add(table)
        found: dict[str, set[str]] = {CODE: {table}} if table in self.code else {}
        roles = {name: role for role, tables in self.changed.items() for name in tables}
        reads = self._reads(table)
        further = [up for up in reads if self._is_step(up) and self._differs(up)]
        for up in reads:
            if up in roles:
                found.setdefault(roles[up], set()).add(up)
            elif not self._is_step(up) and self._read_otherwise(table, up):
                found.setdefault(self._role(up), set()).add(up)
        computed = any(name == table for name, _ in self.after)
        if computed and not found and not further and table not in self._sealed():
            # Of delivered rows no table's digest tells: what reads them and nothing else that changed does.
            found[DATA] = {up for up in reads if not self._entries(up)}
        for kind, names in found.items():
            self._found.setdefault(kind, set()).update(names)
        for up in further:
            if up not in seen:
                self._follow(up, seen)

    def _reads(self, table: str) -> list[str]:
        if table not in self.project.models:
            return []
        return sorted({up for reader in self.project.step(table) for up in reader.upstream} - {table})

    def _sealed(self) -> set[str]:
        return {name for (name, _), entry in self.before.items() if entry.role == OUTPUT}

    def _is_step(self, table: str) -> bool:
        return any(entry.role in (STEP, OUTPUT) for entry in self._entries(table))

    def _entries(self, table: str) -> list[TableEntry]:
        return [entry for (name, _), entry in self.before.items() if name == table]

    def _differs(self, table: str) -> bool:
        """Whether a table that is computed again came out differently, or not at all."""
        return any(
            node not in self.after or self.after[node].digest != entry.digest
            for node, entry in self.before.items()
            if node[0] == table and entry.role != TAKEN
        )

    def _read_otherwise(self, reader: str, table: str) -> bool:
        """Whether what a table read of another is not what it read when it was sealed."""
        return any(
            entry.inputs.get(table) != self.after[node].inputs.get(table)
            for node, entry in self.before.items()
            if node[0] == reader and node in self.after and table in self.after[node].inputs
        )

    def _role(self, table: str) -> str:
        entries = self._entries(table)
        return entries[0].role if entries else DATA


__all__ = ["SOURCES", "Cause", "Causes"]
