"""Gathered by `first`: members are ways to treat one row, and each row is treated by the first that applies.

A member is `select <condition> as applies, <expression> as <column>, … from <row> as <alias>`, with left
joins of what it alone asks of the row. The columns that it does not give are the row's own. All members
become one pass, in the order that the table's header names. Where it cannot be told whether a member applies,
none behind it is asked: what the members give stays empty, and the contract refuses the row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import sqlglot
from sqlglot import exp
from sqlglot.tokens import TokenType

from drg_pipeline.errors import Fault, did_you_mean
from drg_pipeline.sql.query import (
    clauses_beside,
    ends_columns,
    items,
    looks_beyond_its_row,
    row_source,
    table_name,
)

APPLIES = "applies"


@dataclass(frozen=True)
class Way:
    """A member: its name, its text, and where it stands, for faults."""

    name: str
    sql: str
    where: str

    @cached_property
    def tree(self) -> exp.Expr:
        return sqlglot.parse_one(self.sql, read="duckdb")

    @property
    def row(self) -> tuple[str, str]:
        """The table or shared SELECT whose rows it treats, and what it calls a row."""
        table = self.tree.args["from_"].this
        return table_name(table), table.alias

    @property
    def given(self) -> dict[str, str]:
        """column -> its expression as it is written; `applies` among them."""
        return items(self.sql)

    @property
    def joins(self) -> str:
        """What stands behind `from <row> as <alias>`."""
        tokens = sqlglot.tokenize(self.sql, read="duckdb")
        depth = 0
        for at, token in enumerate(tokens):
            depth += (token.token_type == TokenType.L_PAREN) - (token.token_type == TokenType.R_PAREN)
            if depth == 0 and ends_columns(tokens, at):
                alias = next(n for n in range(at, len(tokens)) if tokens[n].token_type == TokenType.ALIAS)
                return self.sql[tokens[alias + 1].end + 1 :].strip()
        return ""


def misshapen(ways: Sequence[Way], order: Sequence[str], table: str) -> list[Fault]:
    """What keeps members from being ways to treat one row in this order."""
    faults = [Fault(way.where, what) for way in ways for what in _no_way(way)]
    names = [way.name for way in ways]
    faults += [
        Fault(table, f"order names {name}, which is no member{did_you_mean(name, names)}")
        for name in order
        if name not in names
    ]
    faults += [
        Fault(way.where, "has no place in the order of the table") for way in ways if way.name not in order
    ]
    if faults:
        return faults
    first = ways[0]
    faults += [
        Fault(way.where, f"reads {' as '.join(way.row)}; {first.name} reads {' as '.join(first.row)}")
        for way in ways[1:]
        if way.row != first.row
    ]
    joined: dict[str, str] = {first.row[1]: first.name}
    for way in ways:
        for join in way.tree.args.get("joins") or ():
            if joined.setdefault(join.alias_or_name, way.name) != way.name:
                other = joined[join.alias_or_name]
                faults.append(
                    Fault(way.where, f"joins {join.alias_or_name}, as {other} does: call it otherwise")
                )
    return faults


def _no_way(way: Way) -> list[str]:
    tree = way.tree
    if not isinstance(tree, exp.Select):
        return ["is not one plain SELECT"]
    said = []
    if clauses := clauses_beside(tree, "joins"):
        said.append(f"says of every row whether it applies: it has no {', '.join(clauses)}")
    source = row_source(tree)
    if source is None or not source.alias:
        said.append("reads its row from one table or shared SELECT, and gives it an alias")
    for join in tree.args.get("joins") or ():
        if join.side != "LEFT" or not join.args.get("on"):
            said.append("joins by `left join … on`, which keeps every row")
    if tree.named_selects.count(APPLIES) != 1 or "" in tree.named_selects:
        said.append(f"gives {APPLIES} and named columns; it gives {', '.join(tree.named_selects)}")
    if any(map(looks_beyond_its_row, tree.expressions)):
        said.append("looks at more than its row")
    return said


def one_pass(
    ways: Sequence[Way], order: Sequence[str], member: str, row_columns: Sequence[str], faults: list[Fault]
) -> str:
    """The SELECT of the row's columns, the name of the member that treats it, and what that one gives."""
    ways = sorted(ways, key=lambda way: order.index(way.name))
    row, alias = ways[0].row
    parts = {way.name: way.given for way in ways}
    given = list(dict.fromkeys(column for part in parts.values() for column in part if column != APPLIES))
    for way in ways:
        lacking = [column for column in given if column not in parts[way.name] and column not in row_columns]
        faults += [Fault(way.where, f"does not give {column}, which the row has not") for column in lacking]
    kept = [f"{alias}.{column}" for column in row_columns if column not in (*given, member)]
    named = _chosen(parts, {name: f"'{name}'" for name in parts})
    columns = [f"{named} as {member}"]
    for column in given:
        each = {
            name: f"({part[column]})" if column in part else f"{alias}.{column}"
            for name, part in parts.items()
        }
        columns.append(f"{_chosen(parts, each)} as {column}")
    joins = "\n".join(way.joins for way in ways if way.joins)
    listed = ",\n    ".join([*kept, *columns])
    return f"select\n    {listed}\nfrom {row} as {alias}\n{joins}".rstrip()


def _chosen(parts: dict[str, dict[str, str]], values: dict[str, str]) -> str:
    lines = []
    for name, part in parts.items():
        lines += [f"when ({part[APPLIES]}) then {values[name]}", f"when ({part[APPLIES]}) is null then null"]
    listed = "\n        ".join(lines)
    return f"case\n        {listed}\n    end"
