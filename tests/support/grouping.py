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
from support.schemes import write_scheme

INTERFACE = PROJECT / "data" / "interface"
FIELDS = [field.name for field in fields(Record)]
_TYPES = {
    **dict.fromkeys(("sex", "discharge_disposition", "department"), "varchar"),
    **dict.fromkeys(("diagnoses", "procedures"), "varchar[]"),
}

SCHEME = "tiny"
Step = Mapping[str, Any]


def tiny_scheme(folder: Path) -> Path:
    """Newborns, injuries, an MDC that lets most cases go, and brains with splits and an ambiguous group."""
    return write_scheme(
        folder,
        mdc=[("MDCP",), ("MDCZ",), ("MDCA",), ("MDCB",)],
        mdc_rule=[
            {"mdc": "MDCP", "predicate": "age_years", "min_value": 0, "max_value": 1},
            {"mdc": "MDCP", "predicate": "age_days", "max_value": 29},
            {"mdc": "MDCZ", "predicate": "principal_diagnosis_in", "code_set": "D0003"},
            {"mdc": "MDCZ", "predicate": "any_diagnosis_class_count", "code_set": "sites", "min_value": 2},
            {"mdc": "MDCA", "predicate": "any_procedure_in", "code_set": "P0001"},
            {"mdc": "MDCB", "predicate": "principal_diagnosis_in", "code_set": "D0001"},
            # What the first alternative holds of, this one does too: a path tells the first.
            {"mdc": "MDCB", "alternative": 2, "predicate": "any_diagnosis_in", "code_set": "D0001"},
        ],
        adrg=[
            ("PS1", "MDCP"),
            ("ZZ1", "MDCZ"),
            ("AA1", "MDCA"),
            ("BB1", "MDCB"),
            {"adrg": "BQY", "mdc": "MDCB", "kind": "ambiguous"},
            ("BR1", "MDCB"),
        ],
        adrg_rule=[
            {"adrg": "PS1", "predicate": "newborn_weight_g", "min_value": 1, "max_value": 1500},
            {"adrg": "ZZ1", "predicate": "always"},
            {"adrg": "AA1", "predicate": "principal_procedure_in", "code_set": "P0009"},
            {"adrg": "BB1", "predicate": "any_procedure_in", "code_set": "P0002"},
            {"adrg": "BQY", "predicate": "any_procedure_in", "code_set": "P0003"},
            {"adrg": "BR1", "predicate": "any_procedure_in", "code_set": "P0002", "negated": 1},
            {"adrg": "BR1", "predicate": "sex", "value": "1|2"},
        ],
        drg=[
            ("PS11", "PS1"),
            ("ZZ19", "ZZ1"),
            ("AA19", "AA1"),
            ("BB11", "BB1"),
            ("BB13", "BB1"),
            ("BB15", "BB1"),
            ("BR12", "BR1"),
            ("BR11", "BR1"),
        ],
        drg_rule=[
            {"adrg": "PS1", "drg": "PS11", "predicate": "always"},
            {"adrg": "ZZ1", "drg": "ZZ19", "predicate": "always"},
            {"adrg": "AA1", "drg": "AA19", "predicate": "always"},
            {"adrg": "BB1", "drg": "BB11", "predicate": "has_mcc"},
            {"adrg": "BB1", "drg": "BB13", "predicate": "has_mcc"},
            {"adrg": "BB1", "drg": "BB13", "alternative": 2, "predicate": "has_cc"},
            {"adrg": "BB1", "drg": "BB15", "predicate": "always"},
            {"adrg": "BR1", "drg": "BR11", "predicate": "always"},
        ],
        code_set={
            "D0001": ["I63.900"],
            "D0003": ["S06.310"],
            "P0001": ["37.8300", "99.9999"],
            "P0002": ["01.2400", "01.2401"],
            "P0003": ["31.1x00"],
            "P0009": ["99.9999"],
        },
        code_class=[
            ("sites", "S06.310", "head"),
            ("sites", "S27.300", "chest"),
            ("sites", "S27.301", "chest"),
        ],
        mcc=[("J96.900", "T1"), ("I46.900", "T2")],
        cc=[("I10.x00", "T1"), ("E11.900", "T2")],
        cc_exclusion=[("I63.900", "T1")],
        retry=True,
        name=SCHEME,
    )


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
