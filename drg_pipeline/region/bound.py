"""Whether the arithmetic and the law fit together: every SELECT is bound to empty tables of their types.

Nothing is computed and nothing of a lake is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import duckdb

from drg_pipeline.duck import first_line, quoted
from drg_pipeline.errors import DrgError, Fault
from drg_pipeline.policy.parameter import Parameter
from drg_pipeline.region.region import Region
from drg_pipeline.settings import Settings
from drg_pipeline.sql.account import ACCOUNT, Explanation
from drg_pipeline.sql.model import Invariant, Model

Reader = Model | Invariant | Explanation


def check_bound(settings: Settings) -> Region:
    """The region, opened; DrgError with every model, invariant and line of an account that asks for what is
    not there, the law that nobody gives a value first of all."""
    with_all = Region(settings, lambda pack: replace(pack, tables={**pack.lacking, **pack.tables}))
    faults = list(_unbound(with_all))
    if faults:
        raise DrgError(
            f"The law of {with_all.pack.region} does not give what the arithmetic asks for.",
            faults,
            state="Nothing was computed.",
            remedy="Give the parameter its values, or name the method that does without it.",
        )
    return Region(settings)


def _unbound(region: Region) -> Iterator[Fault]:
    """What cannot be bound; an explanation that reads one of those is no further fault."""
    project, lacking = region.project, region.pack.lacking
    whole = {name for name, table in lacking.items() if region.pack.tables[name] is table}
    failed: set[str] = set()
    with closing(region.engine.connect()) as con:
        for table in sorted({*project.models, *project.sources}):
            region.engine.inputs.view(con, table, [])
        con.execute(f"create schema if not exists {ACCOUNT}")
        for reader in project.readers:
            name = reader.name if isinstance(reader, Model) else reader.id
            if isinstance(reader, Explanation) and failed.intersection(reader.explained):
                failed.add(name)
                continue
            kind = f"view {ACCOUNT}.{quoted(name)}" if isinstance(reader, Explanation) else "temp view probe"
            told = ""
            try:
                con.execute(f"create or replace {kind} as {reader.sql}")
            except duckdb.Error as error:
                failed.add(name)
                told = first_line(error)
            asked = [
                parameter.full_name
                for table in reader.upstream
                if table in lacking and (told or table in whole)
                for parameter in lacking[table].parameters
                if parameter.is_table or _names(reader, parameter)
            ]
            if asked:
                told = f"asks for {', '.join(asked)}, to which nothing here gives a value"
            if told:
                yield Fault(name, told)


def unread(region: Region) -> list[str]:
    """The parameters of the region that no SELECT reads, by full name.

    A name that stands in the text of a SELECT which reads its table counts as read.
    """
    readers: dict[str, list[Reader]] = {}
    for reader in region.project.readers:
        for table in reader.upstream:
            readers.setdefault(table, []).append(reader)
    return [
        parameter.full_name
        for name, table in region.pack.tables.items()
        for parameter in table.parameters
        if not any(parameter.is_table or _names(reader, parameter) for reader in readers.get(name, ()))
    ]


def _names(reader: Reader, parameter: Parameter) -> bool:
    return re.search(rf"\b{parameter.name}\b", reader.sql) is not None
