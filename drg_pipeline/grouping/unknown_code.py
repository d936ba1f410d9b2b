"""Codes of cases that a scheme does not know, how often they stand there, and the nearest that it knows.

Codes are compared exactly, so that another spelling of a code is no code, and its case goes elsewhere. Which
tables list a scheme's codes says the layout of case files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from drg_pipeline.duck import literal, quoted
from drg_pipeline.ingest.spelling import Spelling, normal_sql

LISTED = 20
_FARTHEST = 3  # characters between a code and one that is still near


@dataclass(frozen=True)
class UnknownCode:
    """A code, the column it stands in, in how many places.

    nearest   code of the scheme; None where none is near
    spelling  the two differ by their spelling alone
    """

    column: str
    code: str
    places: int
    nearest: str | None
    spelling: bool


@dataclass(frozen=True)
class UnknownCodes:
    """How many codes a scheme does not know, in how many places, and those that stand there most often."""

    codes: int
    places: int
    first: tuple[UnknownCode, ...]


class CodeCount:
    """Counts unknown codes batch by batch. One at a time in a session."""

    def __init__(self, con: duckdb.DuckDBPyConnection, scheme: str, known: Mapping[str, str]) -> None:
        """`known`: column of a case -> table that lists the codes of schemes."""
        self._con = con
        self._scheme = scheme
        self._known = known
        con.execute(
            "create or replace temp table unknown_code (column_name varchar, code varchar, places bigint)"
        )

    def add(self, relation: str) -> None:
        for column, table in self._known.items():
            self._con.execute(
                f"insert into unknown_code select {literal(column)}, code, count(*) "
                f"from (select unnest({quoted(column)}) as code from ({relation})) "
                f"anti join (select code from {table} where scheme = {literal(self._scheme)}) using (code) "
                "where code <> '' group by code"
            )

    def told(self, spellings: Mapping[str, Spelling | None]) -> UnknownCodes:
        codes, places = self._con.execute(
            "select count(distinct (column_name, code)), coalesce(sum(places), 0)::bigint from unknown_code"
        ).fetchall()[0]
        listed = self._con.execute(
            "select column_name, code, sum(places)::bigint as places from unknown_code "
            f"group by all order by places desc, column_name, code limit {LISTED}"
        ).fetchall()
        nearest = {
            (column, code): found
            for column in {column for column, *_ in listed}
            for code, found in self._nearest(column, spellings.get(column)).items()
        }
        first = [
            UnknownCode(column, code, count, *nearest.get((column, code), (None, False)))
            for column, code, count in listed
        ]
        return UnknownCodes(codes, places, tuple(first))

    def _nearest(self, column: str, spelling: Spelling | None) -> dict[str, tuple[str, bool]]:
        """By code the nearest one of the scheme, and whether it differs by its spelling alone.

        That of the same normal form, else one that differs by marks and zeros at its end, else by the fewest
        characters.
        """

        normal = normal_sql(spelling, "code") if spelling else "code"
        signs = f"regexp_replace(upper({normal}), '[^0-9A-Z]', '', 'g')"
        of = f"code, {normal} as normal, {signs} as signs, regexp_replace({signs}, '0+$', '') as bare"
        found = self._con.execute(
            "with listed as (select code from unknown_code "
            f"  where column_name = {literal(column)} group by code "
            f"  order by sum(places) desc, code limit {LISTED}), "
            f"given as (select {of} from listed), "
            f"known as (select {of} from {self._known[column]} where scheme = {literal(self._scheme)}), "
            "near as (select g.code, k.code as nearest, case when g.normal = k.normal then 0 "
            "  when g.bare = k.bare then 1 else 1 + damerau_levenshtein(g.signs, k.signs) end as apart "
            "  from given as g inner join known as k on left(g.signs, 1) = left(k.signs, 1) and "
            f" (g.bare = k.bare or abs(length(g.signs) - length(k.signs)) <= {_FARTHEST})) "
            "select code, arg_min(nearest, (apart, nearest)), min(apart) from near "
            f"where apart <= 1 + {_FARTHEST} group by code"
        ).fetchall()
        return {code: (nearest, apart == 0) for code, nearest, apart in found}
