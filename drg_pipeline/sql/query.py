"""What the text of a query says: the tables it reads, the columns it yields, its parts as they are written.

sqlglot reads; texts are cut and never written anew, so that what runs is what stands in the file. What a name
means is no business of this module.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokens import Token, TokenType

from drg_pipeline.duck import connect
from drg_pipeline.errors import DrgError

WORD = re.compile(r"[a-z][a-z0-9_]*")
_OPEN = {TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE}
_CLOSE = {TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE}


@dataclass(frozen=True)
class Parsed:
    """What a text says.

    upstream   `layer.table` of every table that it reads, in order of name
    columns    what it yields, None where it is not one SELECT
    names      of its CTEs, at any depth
    bare       names in FROM that are neither a table of a layer nor a CTE of the text
    bare_in    where there are such: those of each part, its own CTEs' too, by CTE at its head; '' its body
    fault      why it cannot be read
    """

    upstream: tuple[str, ...] = ()
    columns: tuple[str, ...] | None = None
    names: frozenset[str] = frozenset()
    bare: frozenset[str] = frozenset()
    bare_in: tuple[tuple[str, frozenset[str]], ...] = ()
    fault: str = ""


@lru_cache(maxsize=2048)
def parsed(sql: str) -> Parsed:
    """Parsing is most of what opening a region costs; a text is parsed once in a process."""
    try:
        trees = sqlglot.parse(sql, read="duckdb")
    except SqlglotError as error:
        return Parsed(fault=f"cannot be read as SQL: {str(error).splitlines()[0]}")
    except RecursionError:
        return Parsed(fault="cannot be read as SQL: it is nested too deeply")
    tables = [table for tree in trees if tree for table in tree.find_all(exp.Table)]
    upstream = {table_name(table) for table in tables if table.db}
    tree = trees[0] if len(trees) == 1 else None
    if not isinstance(tree, exp.Query):
        return Parsed(tuple(sorted(upstream)))
    names = frozenset(cte.alias for cte in tree.find_all(exp.CTE))
    bare = frozenset(table.name for table in tables if _is_bare(table)) - names
    parts = _bare_in(tree, tables) if bare else ()
    return Parsed(tuple(sorted(upstream)), tuple(tree.named_selects), names, bare, parts)


def tables_of(sql: str) -> tuple[str, ...]:
    """Every `layer.table` a SELECT reads, in order of name; CTE names are left out."""
    return parsed(sql).upstream


def selected(sql: str) -> tuple[str, ...]:
    """The columns a SELECT yields, by name."""
    found = parsed(sql)
    if found.columns is None:
        raise DrgError("This is not a SELECT.", [found.fault or sql[:80]])
    return found.columns


def _is_bare(table: exp.Table) -> bool:
    return isinstance(table.this, exp.Identifier) and not table.db


def _bare_in(tree: exp.Query, tables: Iterable[exp.Table]) -> tuple[tuple[str, frozenset[str]], ...]:
    parts: dict[str, set[str]] = {name: set() for name in (*(cte.alias for cte in tree.ctes), "")}
    heads = {id(cte): cte.alias for cte in tree.ctes}
    for table in tables:
        if _is_bare(table):
            above = table.parent
            while above is not None and id(above) not in heads:
                above = above.parent
            parts[heads[id(above)] if above is not None else ""].add(table.name)
    return tuple((name, frozenset(found)) for name, found in parts.items())


def row_source(tree: exp.Expr) -> exp.Table | None:
    """The one table, or shared SELECT, that a SELECT reads in FROM; None where it is anything else."""
    source = tree.args.get("from_")
    return source.this if source is not None and isinstance(source.this, exp.Table) else None


def table_name(table: exp.Table) -> str:
    """`layer.table`, or the bare name of a shared SELECT."""
    return f"{table.db}.{table.name}" if table.db else str(table.name)


def clauses_beside(tree: exp.Expr, *allowed: str) -> list[str]:
    """What a SELECT says beside its columns, its FROM and these: where, group, with, …"""
    known = {"expressions", "from_", *allowed}
    return [key.rstrip("_") for key, value in tree.args.items() if value and key not in known]


def looks_beyond_its_row(part: exp.Expr) -> bool:
    return part.find(exp.Query, exp.AggFunc, exp.Window) is not None


def ends_columns(tokens: Sequence[Token], at: int) -> bool:
    """Whether a list of columns ends at a FROM; that of `is distinct from` ends none."""
    return tokens[at].token_type == TokenType.FROM and tokens[at - 1].token_type != TokenType.DISTINCT


# -- cutting a text ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Parted:
    """A text at its seams: what stands before its CTEs, each CTE with its name, and the rest."""

    before: str
    ctes: Sequence[tuple[str, str]]
    body: str

    def text(self) -> str:
        """The whole again; `before` ends in WITH exactly where there are CTEs."""
        return f"{self.before}{','.join(text for _, text in self.ctes)}{self.body}"


def parted(sql: str) -> Parted:
    """A text that can be parsed, cut at the CTEs at its head; every character stands in one of the parts."""
    tokens = sqlglot.tokenize(sql, read="duckdb")
    if tokens[0].token_type != TokenType.WITH:
        return Parted("", (), sql)
    at = 2 if tokens[1].token_type == TokenType.RECURSIVE else 1
    before = sql[: tokens[at - 1].end + 1]
    start, ctes = len(before), []
    while True:
        name = tokens[at].text
        while tokens[at].token_type != TokenType.ALIAS:
            at += 1
        while tokens[at].token_type != TokenType.L_PAREN:
            at += 1
        at = _after(tokens, at)
        if tokens[at].token_type != TokenType.COMMA:
            end = tokens[at - 1].end + 1
            ctes.append((name, sql[start:end]))
            return Parted(before, ctes, sql[end:])
        ctes.append((name, sql[start : tokens[at].start]))
        start, at = tokens[at].end + 1, at + 1


def _after(tokens: Sequence[Token], at: int) -> int:
    """The place behind the bracket that closes the one at this place."""
    depth = 0
    while True:
        depth += (tokens[at].token_type in _OPEN) - (tokens[at].token_type in _CLOSE)
        at += 1
        if depth == 0:
            return at


def items(sql: str) -> dict[str, str]:
    """column -> its expression as it is written, of a text that is one SELECT without CTEs and names every
    column; the alias and what is a comment between columns are left out."""
    tokens = sqlglot.tokenize(sql, read="duckdb")
    found: dict[str, str] = {}
    own: list[Token] = []
    at = 1
    while True:
        ended = ends_columns(tokens, at)
        if ended or tokens[at].token_type == TokenType.COMMA:
            named = len(own) > 2 and own[-2].token_type == TokenType.ALIAS
            last = own[-3] if named else own[-1]
            found[own[-1].text] = sql[own[0].start : last.end + 1]
            own = []
            if ended:
                return found
            at += 1
        else:
            end = _after(tokens, at)
            own += tokens[at:end]
            at = end


def is_word(name: str) -> bool:
    """Whether a name can stand in SQL as it is: small letters, and no word of SQL's own."""
    return bool(WORD.fullmatch(name)) and name not in _reserved()


@lru_cache(maxsize=1)
def _reserved() -> frozenset[str]:
    with connect() as con:
        found = con.execute(
            "select keyword_name from duckdb_keywords() "
            "where keyword_category in ('reserved', 'type_function')"
        ).fetchall()
    return frozenset(name for (name,) in found)
