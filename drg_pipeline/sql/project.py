"""All models together: layers, dependencies, order, columns, versions.

Reads `dbt_like_sql`; runs nothing. Tables that no model computes (deliveries, reference, law)
come in as sources, described by whoever makes them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from sqlglot.schema import MappingSchema

from drg_pipeline.errors import DrgError, Fault
from drg_pipeline.sql.account import Explanation, misread, read_explanations
from drg_pipeline.sql.model import SAFE_LOADER, Invariant, Model, read_invariant, read_model
from drg_pipeline.sql.order import ordered


@dataclass(frozen=True)
class Column:
    """What a column is: SQL type, unit, meaning."""

    type: str
    unit: str
    meaning: str

    @property
    def explained(self) -> str:
        """What it means, with its unit where the words do not say it already."""
        said = not self.unit or self.unit == self.meaning.lower()
        return self.meaning if said else f"{self.meaning} ({self.unit})"


@dataclass(frozen=True)
class Source:
    """A table that no model computes: `partition` as for a model, or `delivery`; `grain` are its keys."""

    name: str
    partition: str
    columns: Mapping[str, Column]
    describe: str
    law: tuple[str, ...] = ()
    grain: tuple[str, ...] = ()


@dataclass(frozen=True)
class Layer:
    """A step of the payment procedure; `owner` is the team that answers for its tables."""

    name: str
    title: str
    describe: str
    owner: str = ""


class Project:
    """The arithmetic of one checkout.

    models        name -> Model, in an order in which each comes after what it reads
    sources       name -> Source
    columns       name -> Column, from columns.yml; `layer.table.name` where a table means another thing by it
    explanations  name -> Explanation, from the layers' accounts, each after those that it reads
    """

    def __init__(self, folder: Path, sources: Iterable[Source] = ()) -> None:
        self.folder = folder
        self.sources = {source.name: source for source in sources}
        self.macros = (folder / "macros.sql").read_text(encoding="utf-8")
        self.layers = [
            Layer(name, str(entry["title"]), str(entry["describe"]), str(entry.get("owner", "")))
            for name, entry in _mapping(folder / "layers.yml").items()
        ]
        self.columns = {
            name: Column(str(entry["type"]).upper(), str(entry.get("unit", "")), str(entry["meaning"]))
            for name, entry in _mapping(folder / "columns.yml").items()
        }
        found = [
            read_model(path, layer.name)
            for layer in self.layers
            for path in sorted((folder / layer.name).glob("*.sql"))
        ]
        self.invariants: list[Invariant] = [
            read_invariant(path) for path in sorted((folder / "invariants").glob("*.sql"))
        ]
        self.explanations: dict[str, Explanation] = read_explanations(
            folder, [layer.name for layer in self.layers]
        )
        self.models: dict[str, Model] = ordered(
            {model.name: model for model in found}, lambda model: model.upstream
        )
        self._check_names()

    def _check_names(self) -> None:
        faults: list[Fault] = []
        rank = {layer.name: position for position, layer in enumerate(self.layers)}
        known = self.models.keys() | self.sources.keys()
        for model in self.models.values():
            for table in model.upstream:
                if table not in known:
                    faults.append(Fault(model.name, f"reads {table}, which nothing provides"))
                elif rank.get(table.split(".")[0], -1) > rank[model.layer]:
                    faults.append(Fault(model.name, f"reads {table}, which is computed after it"))
            faults += [
                Fault(model.name, f"column {column} is not described in columns.yml")
                for column in model.columns
                if column not in self.columns and f"{model.name}.{column}" not in self.columns
            ]
        for invariant in self.invariants:
            if invariant.guards not in self.models:
                faults.append(Fault(invariant.id, f"guards {invariant.guards}, which no model computes"))
            faults += [
                Fault(invariant.id, f"reads {table}, which nothing provides")
                for table in invariant.upstream
                if table not in known
            ]
        faults += misread(self.explanations, known, rank)
        if faults:
            raise DrgError("The models do not fit together.", faults)

    def partition_of(self, table: str) -> str:
        if table in self.models:
            return self.models[table].partition
        return self.sources[table].partition

    def column(self, table: str, name: str) -> Column:
        """Type, unit and meaning of one column of any table."""
        if table in self.models:
            return self.columns.get(f"{table}.{name}") or self.columns[name]
        return self.sources[table].columns[name]

    def invariants_of(self, table: str) -> list[Invariant]:
        return [invariant for invariant in self.invariants if invariant.guards == table]

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
        """Changes when the model's file, the macros or a column it yields changes."""
        model = self.models[name]
        text = [model.path.read_text(encoding="utf-8"), model.sql, self.macros]
        text += [f"{c} {self.column(name, c)}" for c in model.columns]
        text += [invariant.sql for invariant in self.invariants_of(name)]
        return hashlib.sha256("\n\x1f".join(text).encode()).hexdigest()[:16]


def _mapping(path: Path) -> dict[str, Any]:
    raw = yaml.load(path.read_text(encoding="utf-8"), Loader=SAFE_LOADER)
    if not isinstance(raw, dict):
        raise DrgError(f"{path.name} is not a mapping.")
    return raw
