"""Runs the grouper on records that a test holds in Python, and hands back answers and steps as Python values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from bench.grouping.row_at_a_time import Record, Result

from drg_pipeline.grouping.grouper import Grouper
from drg_pipeline.grouping.scheme import LAYOUT_FILE, Scheme, read_scheme
from drg_pipeline.ingest.reference_layout import load_reference_layout
from drg_pipeline.settings import PROJECT
from drg_pipeline.sql.project import Project

INTERFACE = PROJECT / "data" / "interface"
FIELDS = [field.name for field in fields(Record)]
_TYPES = {
    **dict.fromkeys(("sex", "discharge_disposition", "department"), "varchar"),
    **dict.fromkeys(("diagnoses", "procedures"), "varchar[]"),
}

Step = Mapping[str, Any]


def opened(project: Project, *folders: Path, name: str = "") -> Grouper:
    """A grouper with these schemes; several are called by their numbers after `name`."""
    layout = load_reference_layout(INTERFACE / LAYOUT_FILE)
    schemes: list[Scheme] = [read_scheme(folder, layout) for folder in folders]
    if name:
        schemes = [replace(scheme, name=f"{name}{number}") for number, scheme in enumerate(schemes)]
    return Grouper(project, INTERFACE, schemes, threads=1)


def relation(grouper: Grouper, records: Sequence[Record]) -> str:
    """A SELECT of the records, numbered in their order."""
    columns = ", ".join(f"unnest(cast(? as {_TYPES.get(name, 'bigint')}[])) as {name}" for name in FIELDS)
    values = [
        [list(value) if isinstance(value := getattr(record, name), tuple) else value for record in records]
        for name in FIELDS
    ]
    numbers = list(range(len(records)))
    grouper.con.execute(
        "create or replace temp table given_record as select *, cast(record_no as varchar) as case_id "
        f"from (select unnest(cast(? as bigint[])) as record_no, {columns})",
        [numbers, *values],
    )
    return "select * from given_record"


def grouped(grouper: Grouper, records: Sequence[Record], scheme: str) -> list[Result]:
    """The answers to records, in their order."""
    table = grouper.group(relation(grouper, records), scheme)
    rows = grouper.con.execute(f"select record_no, mdc, adrg, drg, status from {table} order by 1").fetchall()
    assert [row[0] for row in rows] == list(range(len(records)))
    return [Result(*row[1:]) for row in rows]


def paths(grouper: Grouper, records: Sequence[Record]) -> list[list[Step]]:
    """The steps of the records that were grouped last."""
    found: list[list[Step]] = [[] for _ in records]
    for step in grouper.rows(f"select * from ({grouper.steps()}) order by dcla_time, step"):
        found[int(step["setl_id"])].append(step)
    return found
