"""Where a model's columns come from, and what decides which of its rows there are: read from its SELECT.

sqlglot follows a column's values through subqueries and unions to the tables behind them. What filters, joins
and groups rows is no part of that, and is looked up here clause by clause. One model at a time: how models
hang together is `trace.py`'s.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import sqlglot
from sqlglot import exp
from sqlglot.lineage import Node, lineage
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope, find_all_in_scope

from drg_pipeline.errors import DrgError
from drg_pipeline.files import appearing
from drg_pipeline.sql.project import Project

Lineage = dict[str, list[tuple[str, str]]]
# The whole SELECT behind each step would be copied otherwise, for nobody.
_AS_WRITTEN: dict[str, Any] = {"dialect": "duckdb", "trim_selects": False, "copy": False}
_CLAUSES = {"where": "filter", "having": "filter", "qualify": "filter", "group": "group"}


class Decider(NamedTuple):
    """A column that decides on rows: as filter, in a join or as what rows are grouped by."""

    table: str
    column: str
    role: str


def kept_lineage(project: Project, name: str, folder: Path) -> Lineage:
    """The column lineage of a model, parsed once for each version of its text and of what it reads."""
    model = project.models[name]
    text = json.dumps([model.sql, [[up, project.schema_of(up)] for up in model.upstream]])
    file = folder / f"{name}.{hashlib.sha256(text.encode()).hexdigest()[:16]}.json"
    if file.is_file():
        return {
            column: [(table, up) for table, up in found]
            for column, found in json.loads(file.read_text()).items()
        }
    found = column_lineage(project, name)
    with appearing(file) as aside:
        aside.write_text(json.dumps(found))
    return found


def column_lineage(project: Project, name: str) -> Lineage:
    """column -> [(upstream table, upstream column)], sorted, for one model."""
    return _values(project, name, _scope(project, name))


def whole_lineage(project: Project, name: str) -> tuple[Lineage, list[Decider]]:
    """The column lineage of a model, and the columns of other tables that decide which rows it has.

    Deciders hold for all columns of the model: which subquery a clause stands in is not told apart.
    """
    scope = _scope(project, name)
    found: set[Decider] = set()
    behind: dict[tuple[int, str], set[tuple[str, str]]] = {}
    for part in scope.traverse():
        for role, column, within in _clause_columns(part):
            found |= {Decider(*origin, role) for origin in _origins(project, column, within, behind)}
    return _values(project, name, scope), sorted(found)


def _values(project: Project, name: str, scope: Scope) -> Lineage:
    # All columns at once share the steps that they have in common.
    nodes = lineage(None, scope.expression, project.typed_schema, scope=scope, **_AS_WRITTEN)
    return {column: sorted(_tables_behind(nodes[column])) for column in project.models[name].columns}


def _scope(project: Project, name: str) -> Scope:
    tree = qualify(
        sqlglot.parse_one(project.models[name].sql, read="duckdb"),
        schema=project.typed_schema,
        dialect="duckdb",
        validate_qualify_columns=False,
    )
    scope = build_scope(tree)
    if scope is None:
        raise DrgError(f"The SELECT of {name} cannot be followed.", remedy="This is a fault of the program.")
    return scope


def _tables_behind(node: Node) -> set[tuple[str, str]]:
    return {
        (f"{leaf.expression.db}.{leaf.expression.name}", leaf.name.split(".")[-1].strip('"'))
        for leaf in node.walk()
        if not leaf.downstream and isinstance(leaf.expression, exp.Table) and leaf.expression.db
    }


def _clause_columns(scope: Scope) -> Iterator[tuple[str, exp.Column, Scope]]:
    """(role, column, its scope) of what filters, joins or groups in one SELECT.

    What a subquery in such a clause yields is compared there and counts with it; the subquery's own clauses
    are those of its own scope.
    """
    select = scope.expression
    if not isinstance(select, exp.Select):
        return
    clauses = [(role, select.args.get(key)) for key, role in _CLAUSES.items()]
    clauses += [("join", join.args.get("on")) for join in select.args.get("joins") or ()]
    if select.args.get("limit"):
        clauses.append(("filter", select.args.get("order")))
    if select.args.get("distinct"):
        yield from (("group", column, within) for column, within in _yielded(scope))
    for role, clause in clauses:
        if clause is None:
            continue
        yield from ((role, column, scope) for column in find_all_in_scope(clause, exp.Column))
        for inner in scope.subquery_scopes:
            if _is_within(inner.expression, clause):
                yield from ((role, column, within) for column, within in _yielded(inner))


def _is_within(part: exp.Expr, clause: exp.Expr) -> bool:
    above = part.parent
    while above is not None and above is not clause:
        above = above.parent
    return above is clause


def _yielded(scope: Scope) -> Iterator[tuple[exp.Column, Scope]]:
    if isinstance(scope.expression, exp.Select):
        for select in scope.expression.selects:
            yield from ((column, scope) for column in find_all_in_scope(select, exp.Column))
    for part in scope.set_operation_scopes:
        yield from _yielded(part)


def _origins(
    project: Project, column: exp.Column, scope: Scope, behind: dict[tuple[int, str], set[tuple[str, str]]]
) -> set[tuple[str, str]]:
    """The tables' columns behind a column that a clause of the scope names; `behind` keeps what was found."""
    around: Scope | None = scope
    while around is not None:
        source = around.sources.get(column.table)
        if isinstance(source, exp.Table):
            return {(f"{source.db}.{source.name}", column.name)} if source.db else set()
        if isinstance(source, Scope):
            key = (id(source), column.name)
            if key not in behind:
                node = lineage(
                    column.name, source.expression, project.typed_schema, scope=source, **_AS_WRITTEN
                )
                behind[key] = _tables_behind(node)
            return behind[key]
        around = around.parent
    return set()
