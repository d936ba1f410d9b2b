"""All models together: layers, dependencies, order, columns, versions.

Reads `dbt_like_sql`; runs nothing. Tables that no model computes (deliveries, reference, law)
come in as sources, described by whoever makes them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from sqlglot.schema import MappingSchema

from drg_pipeline.errors import DrgError, Fault, did_you_mean
from drg_pipeline.forms import Column
from drg_pipeline.sql.account import Explanation, misread
from drg_pipeline.sql.clauses import Documents, One, clause_macro, of_region
from drg_pipeline.sql.folder import read_folder
from drg_pipeline.sql.header import Split, split_header
from drg_pipeline.sql.lists import read_columns, read_layers
from drg_pipeline.sql.macros import read_macros
from drg_pipeline.sql.methods import Methods
from drg_pipeline.sql.model import DETAIL, Invariant, Listing, Model
from drg_pipeline.sql.order import ordered

STATE = "true: fails; false: passes; empty: does not apply"


@dataclass(frozen=True)
class Source:
    """A table that no model computes: `partition` as for a model, or `delivery`; `grain` are its keys."""

    name: str
    partition: str
    columns: Mapping[str, Column]
    describe: str
    law: tuple[str, ...] = ()
    grain: tuple[str, ...] = ()


class Project:
    """The arithmetic of one checkout, as far as it applies to a region.

    models        name -> Model, in an order in which each comes after what it reads
    sources       name -> Source
    columns       name -> Column, from columns.yml; `layer.table.name` where a table means another thing by it
    explanations  name -> Explanation, from the layers' accounts, each after those that it reads
    methods       choice -> the methods that the region follows; None: whatever any region may follow
    documents     the documents that are the region's law, of which clauses are shown; None: of any region
    choices       choice -> Choice, from methods.yml
    left_out      name -> what it waits for, of tables that do not apply
    """

    def __init__(
        self,
        folder: Path,
        sources: Iterable[Source] = (),
        methods: Methods | None = None,
        split: Split = split_header,
        documents: Documents | None = None,
    ) -> None:
        self.folder = folder
        self.sources = {source.name: source for source in sources}
        self.methods = methods
        self.documents = documents
        self.layers, self.columns = read_layers(folder), read_columns(folder)
        layers = [layer.name for layer in self.layers]
        self._macros = read_macros(folder)
        found = read_folder(folder, layers, methods, split, self._type_of)
        self.choices, self.left_out = found.choices, found.left_out
        self.invariants = [self._told(one) for one in found.invariants]
        self.explanations: dict[str, Explanation] = ordered(
            {one.id: self._told(one) for one in found.explanations}, lambda one: one.explained
        )
        self.models: dict[str, Model] = ordered(
            {model.name: self._told(model) for model in found.models}, lambda model: model.upstream
        )
        self._check_names()

    @property
    def macros(self) -> str:
        """All macros, to be run on a connection; `clause` gives the region's of several clauses."""
        return f"{self._macros.text}\n{clause_macro(self.documents)}"

    def _told(self, one: One) -> One:
        return one if self.documents is None else of_region(one, self.documents)

    def _type_of(self, table: str, name: str) -> str:
        column = self.columns.get(f"{table}.{name}") or self.columns.get(name)
        return column.type if column else "VARCHAR"

    def _check_names(self) -> None:
        faults: list[Fault] = []
        rank = {layer.name: position for position, layer in enumerate(self.layers)}
        for model in self.models.values():
            faults += self._unknown(model.name, model.upstream)
            faults += [
                Fault(model.name, f"reads {table}, which is computed after it")
                for table in model.upstream
                if self._is_known(table) and rank.get(table.split(".")[0], -1) > rank[model.layer]
            ]
            faults += [
                Fault(model.name, f"column {column} is not described in columns.yml")
                for column in model.columns
                if column not in model.compiled
                and column not in self.columns
                and f"{model.name}.{column}" not in self.columns
            ]
            if model.listed_in:
                faults += self._no_list(model.name, model.listed_in)
        for invariant in self.invariants:
            if invariant.guards not in self.models:
                waits = self._waits(invariant.guards)
                faults.append(
                    Fault(invariant.id, f"guards {invariant.guards}, which {waits or 'no model computes'}")
                )
            faults += self._unknown(invariant.id, invariant.upstream)
        faults += misread(self.explanations, self._unknown, rank)
        if faults:
            raise DrgError("The models do not fit together.", faults)

    def _no_list(self, where: str, listing: Listing) -> list[Fault]:
        if listing.table not in self.sources:
            return [Fault(where, f"is listed in {listing.table}, which does not enter from the side")]
        lacking = sorted(set(listing.columns) - self.sources[listing.table].columns.keys())
        return [Fault(where, f"is listed in {listing.table} by {name}, which it has not") for name in lacking]

    def unlisted(self, rows_of: Callable[[Listing], Iterable[tuple[str, bool]]]) -> list[Fault]:
        """Members that the law does not list, and those in force by the law that no file computes.

        rows_of  the entries of a list at any time: a member's name, and whether it is in force
        """
        tables: dict[Listing, list[Model]] = {}
        for model in self.models.values():
            if model.listed_in:
                tables.setdefault(model.listed_in, []).append(model)
        faults: list[Fault] = []
        for listing, models in tables.items():
            files = {member.name: f"{one.name}/{member.name}" for one in models for member in one.members}
            entries = list(rows_of(listing))
            listed = {name for name, _ in entries}
            in_force = sorted({name for name, active in entries if active} - files.keys())
            where = " or ".join(model.name for model in models)
            faults += [
                Fault(
                    listing.table,
                    f"{name} is in force and no file of {where} computes it{did_you_mean(name, files)}",
                )
                for name in in_force
            ]
            faults += [
                Fault(files[name], f"is not listed in {listing.table}{did_you_mean(name, listed)}")
                for name in sorted(files.keys() - listed)
            ]
        return faults

    def _is_known(self, table: str) -> bool:
        return table in self.models or table in self.sources

    def _unknown(self, where: str, upstream: Iterable[str]) -> list[Fault]:
        return [
            Fault(where, f"reads {table}, which {self._waits(table) or 'nothing provides'}")
            for table in upstream
            if not self._is_known(table)
        ]

    def _waits(self, table: str) -> str:
        """Why a table that there is does not apply to the region."""
        if table not in self.left_out:
            return ""
        asked = "; ".join(f"{choice}: {', '.join(of)}" for choice, of in self.left_out[table].items())
        return f"does not apply: it is there when {asked}"

    def partition_of(self, table: str) -> str:
        if table in self.models:
            return self.models[table].partition
        return self.sources[table].partition

    def column(self, table: str, name: str) -> Column:
        """Type, unit and meaning of one column of any table."""
        if table in self.models:
            model = self.models[table]
            if name in model.states:
                return Column("BOOLEAN", STATE, model.states[name].describe)
            if name in model.compiled:
                kind = f"STRUCT({model.member} VARCHAR, {DETAIL} VARCHAR)[]"
                return Column(kind, "list", "What is told by those that fail")
            return self.columns.get(f"{table}.{name}") or self.columns[name]
        return self.sources[table].columns[name]

    def meanings(self) -> dict[str, tuple[str, dict[str, str]]]:
        """table -> what it is, and what each of its columns means."""
        tables: dict[str, Model | Source] = {**self.models, **self.sources}
        return {
            name: (table.describe, {one: self.column(name, one).explained for one in table.columns})
            for name, table in tables.items()
        }

    def invariants_of(self, table: str) -> list[Invariant]:
        return [invariant for invariant in self.invariants if invariant.guards == table]

    def step(self, table: str) -> list[Model | Invariant]:
        """What is asked when a table is computed: its SELECT, and the invariants that guard it."""
        return [self.models[table], *self.invariants_of(table)]

    @property
    def readers(self) -> list[Model | Invariant | Explanation]:
        """Everything that reads tables: models, invariants, the account of a claim."""
        return [*self.models.values(), *self.invariants, *self.explanations.values()]

    @cached_property
    def read(self) -> frozenset[str]:
        """Every table that is read."""
        return frozenset(table for reader in self.readers for table in reader.upstream)

    def upstream_closure(self, tables: Iterable[str]) -> set[str]:
        """The models that must be there before (and with) the given ones."""
        wanted, waiting = set(), [table for table in tables if table in self.models]
        while waiting:
            table = waiting.pop()
            if table not in wanted:
                wanted.add(table)
                waiting += [up for up in self.models[table].upstream if up in self.models]
        return wanted

    def schema_of(self, table: str) -> dict[str, str]:
        """column -> type of any table."""
        layer, name = table.split(".")
        return self.schema[layer][name]

    @cached_property
    def schema(self) -> dict[str, dict[str, dict[str, str]]]:
        """layer -> table -> column -> type, as sqlglot wants it."""
        result: dict[str, dict[str, dict[str, str]]] = {}
        for name, model in self.models.items():
            result.setdefault(model.layer, {})[model.table] = {
                c: self.column(name, c).type for c in model.columns
            }
        for name, source in self.sources.items():
            layer, table = name.split(".")
            result.setdefault(layer, {})[table] = {c: column.type for c, column in source.columns.items()}
        return result

    @cached_property
    def typed_schema(self) -> MappingSchema:
        """The schema in sqlglot's own form, which takes longer to make than to use."""
        return MappingSchema(dict(self.schema), dialect="duckdb")

    def code_version(self, name: str) -> str:
        """Changes when a file of the model, a macro that it uses or a column it yields changes."""
        model = self.models[name]
        text = [path.read_text(encoding="utf-8") for path in model.files]
        text += [model.sql, *self._macros.used(model.sql)]
        text += [f"{c} {self.column(name, c)}" for c in model.columns]
        text += [invariant.sql for invariant in self.invariants_of(name)]
        return hashlib.sha256("\n\x1f".join(text).encode()).hexdigest()[:16]
