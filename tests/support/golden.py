"""Reads the worked examples: YAML files whose scalars stay text, so that no float is born.

A file has `describe`, `region` (whose law and methods it is worked under), `through` (the models, in order)
and `cases`; it may have `given` (rows of every
case), `defaults` (table -> columns that its given rows share) and `spread` (a name -> tables: a row given
under the name is a row of each of these tables, by column name). A case has `name`, `law` and `expect`; it
may have `given`, `policy` (policy table -> columns set in all its rows), `methods` (choice -> the method that
the region is taken to follow), `only` (table -> values of the rows that `expect` lists), `refused` (table
-> the checks of its contract that fail) and `members` (`table/member`, where no column of the expected rows
says which member of a table the case is an example of).

A given row with a list for a value stands for one row an entry, `{n}` in its texts for the entry's number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drg_pipeline.forms import Place, read_yaml

TextRow = dict[str, str | None]
Tables = dict[str, list[TextRow]]


@dataclass(frozen=True)
class Case:
    """One worked example, ready to run."""

    file: str
    region: str
    name: str
    law: tuple[str, ...]
    through: tuple[str, ...]
    given: Tables
    defaults: dict[str, TextRow]
    spread: dict[str, list[str]]
    policy: dict[str, TextRow]
    methods: dict[str, list[str]]
    only: dict[str, TextRow]
    expect: Tables
    refused: dict[str, list[str]]
    members: list[str]

    def tables(self, columns_of: Callable[[str], list[str]]) -> Tables:
        """The given rows by table, with the file's defaults; ValueError for a column that no table has."""
        tables: Tables = {}
        for name, rows in self.given.items():
            targets = {table: columns_of(table) for table in self.spread.get(name, [name])}
            for row in rows:
                unknown = [
                    column for column in row if not any(column in columns for columns in targets.values())
                ]
                if unknown:
                    raise ValueError(f"{self}: {name} has no column {', '.join(unknown)}")
                for table, columns in targets.items():
                    own = {column: value for column, value in row.items() if column in columns}
                    tables.setdefault(table, []).append({**self.defaults.get(table, {}), **own})
        return tables

    def __str__(self) -> str:
        return f"{self.file}: {self.name}"


def read_cases(folder: Path) -> list[Case]:
    """Every case of every file; a mistake in a file is an error that names it."""
    return [case for path in sorted(folder.glob("*.yml")) for case in _cases(path)]


def _cases(path: Path) -> Iterator[Case]:
    place = Place(path.name)
    top = place.mapping(
        read_yaml(path, place), ["describe", "region", "through", "cases"], ["given", "defaults", "spread"]
    )
    for position, node in enumerate(top.get("cases") or [], 1):
        at = place.at("cases").item(position)
        body = at.mapping(
            node, ["name", "law", "expect"], ["given", "policy", "methods", "only", "refused", "members"]
        )
        given: Tables = {}
        for tables in (top.get("given") or {}, body.get("given") or {}):
            for name, rows in tables.items():
                given.setdefault(name, []).extend(row for given_row in rows for row in _expanded(given_row))
        if not place.faults:
            yield Case(
                path.stem,
                str(top["region"]),
                str(body["name"]),
                tuple(body["law"]),
                tuple(top["through"]),
                given,
                top.get("defaults") or {},
                top.get("spread") or {},
                body.get("policy") or {},
                {choice: [method] for choice, method in (body.get("methods") or {}).items()},
                body.get("only") or {},
                body["expect"] or {},
                body.get("refused") or {},
                body.get("members") or [],
            )
    if place.faults:
        raise ValueError("\n".join(str(fault) for fault in place.faults))


def _expanded(row: Mapping[str, Any]) -> Iterator[TextRow]:
    lists = [value for value in row.values() if isinstance(value, list)]
    for position in range(len(lists[0]) if lists else 1):
        if any(len(values) != len(lists[0]) for values in lists):
            raise ValueError(f"lists of different lengths in {row}")
        yield {
            column: value[position] if isinstance(value, list) else _numbered(value, position + 1)
            for column, value in row.items()
        }


def _numbered(value: str | None, number: int) -> str | None:
    return None if value is None else value.replace("{n}", str(number))
