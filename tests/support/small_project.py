"""A folder of models as small as a test needs it: two layers, a few columns, headers made up."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml

LAYERS = ("early", "late")
COLUMNS = {
    "month": "varchar",
    "year": "integer",
    "id": "integer",
    "n": "integer",
    "total": "bigint",
    "amount": "decimal(18,2)",
    "other_year": "integer",
    "settlement_month": "varchar",
    "seen": "bigint",
    "rate": "integer",
    "weight": "integer",
    "bonus": "integer",
    "days": "integer",
}


def write_project(
    folder: Path,
    models: Mapping[str, str],
    headers: Mapping[str, Mapping[str, object]] | None = None,
    invariants: Mapping[str, tuple[str, str]] | None = None,
) -> Path:
    """Write models (name -> SELECT), headers (name -> keys), invariants (id -> guarded table, SELECT)."""
    (folder / "invariants").mkdir(parents=True, exist_ok=True)
    (folder / "macros.sql").write_text("create or replace macro twice(x) as 2 * x;\n", encoding="utf-8")
    (folder / "layers.yml").write_text(
        "".join(f"{layer}: {{title: {layer}, describe: a layer}}\n" for layer in LAYERS), encoding="utf-8"
    )
    (folder / "columns.yml").write_text(
        "".join(
            f'{name}: {{type: "{kind}", unit: number, meaning: a column}}\n' for name, kind in COLUMNS.items()
        ),
        encoding="utf-8",
    )
    for name, sql in models.items():
        layer, table = name.split(".")
        (folder / layer).mkdir(exist_ok=True)
        header = {
            "describe": "a model",
            "grain": ["id"],
            "partition": "none",
            **(headers or {}).get(name, {}),
        }
        write_model(folder / layer / f"{table}.sql", header, sql)
    for name, (guards, sql) in (invariants or {}).items():
        write_model(folder / "invariants" / f"{name}.sql", {"describe": "a rule", "guards": guards}, sql)
    return folder


def write_table(
    folder: Path,
    table: str,
    header: Mapping[str, object],
    members: Mapping[str, tuple[Mapping[str, object], str]],
) -> None:
    """Write a gathered table into a project: `_table.yml`, and its members (file -> header, SELECT)."""
    own = folder.joinpath(*table.split("."))
    own.mkdir(parents=True, exist_ok=True)
    head = {"describe": "a table", "grain": ["id"], "partition": "none", **header}
    (own / "_table.yml").write_text(yaml.safe_dump(head), encoding="utf-8")
    for name, (said, sql) in members.items():
        write_model(own / f"{name}.sql", {"describe": f"{name}.", **said}, sql)


def write_model(path: Path, header: Mapping[str, object], sql: str) -> None:
    path.write_text(f"/*---\n{yaml.safe_dump(dict(header))}---*/\n{sql}\n", encoding="utf-8")
