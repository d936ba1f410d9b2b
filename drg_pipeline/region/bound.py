"""Whether the arithmetic and the law fit together: every SELECT is bound to empty tables of their types.

Nothing is computed and nothing of a lake is read.
"""

from __future__ import annotations

import re
from contextlib import closing

import duckdb

from drg_pipeline.duck import first_line, quoted
from drg_pipeline.errors import DrgError, Fault
from drg_pipeline.policy.parameter import Parameter
from drg_pipeline.region.region import Region
from drg_pipeline.sql.account import ACCOUNT


def check_bound(region: Region) -> None:
    """DrgError with every model, invariant and line of an account that asks for what is not there."""
    project = region.project
    faults: list[Fault] = []
    with closing(region.engine.connect()) as con:
        for table in sorted({*project.models, *project.sources}):
            region.engine.inputs.view(con, table, [])
        con.execute(f"create schema if not exists {ACCOUNT}")
        for name, explanation in project.explanations.items():
            view = f"create or replace view {ACCOUNT}.{quoted(name)} as {explanation.sql}"
            faults += _fault(con, name, view)
        for name, model in project.models.items():
            faults += _fault(con, name, f"create or replace temp view probe as {model.sql}")
        for invariant in project.invariants:
            faults += _fault(con, invariant.id, f"create or replace temp view probe as {invariant.sql}")
    if faults:
        raise DrgError(
            f"The law of {region.pack.region} does not give what the arithmetic asks for.",
            faults,
            state="Nothing was computed.",
            remedy="Give the parameter its values, or name the method that does without it.",
        )


def _fault(con: duckdb.DuckDBPyConnection, name: str, statement: str) -> list[Fault]:
    try:
        con.execute(statement)
    except duckdb.Error as error:
        return [Fault(name, first_line(error))]
    return []


def unread(region: Region) -> list[str]:
    """The parameters of the region that no SELECT reads, by full name.

    A name that stands in the text of a SELECT which reads its table counts as read.
    """
    texts: dict[str, str] = {}
    for reader in region.project.readers:
        for table in reader.upstream:
            texts[table] = f"{texts.get(table, '')}\n{reader.sql}"
    table_of = {id(one): table for table in region.pack.tables.values() for one in table.parameters}

    def is_read(parameter: Parameter) -> bool:
        text = texts.get(table_of[id(parameter)].name, "")
        return bool(text if parameter.is_table else re.search(rf"\b{parameter.name}\b", text))

    return [name for name, parameter in region.pack.parameters.items() if not is_read(parameter)]
