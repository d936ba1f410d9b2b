"""Two states of a table, row by row: in one only, in the other only, which column differs first.

Values of a person's columns are never shown. Why rows differ does not belong here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from drg_pipeline.duck import literal, quoted
from drg_pipeline.lake.parquet import parquet

SHOWN = 5
HIDDEN = "***"
ADDED, REMOVED, CHANGED = "added", "removed", "changed"
_LONE = "(b.place is null or a.place is null)"


@dataclass(frozen=True)
class RowDifference:
    """A row, by its key; `column` is the first that differs, '' where the row is on one side only."""

    key: str
    column: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Compared:
    """How many rows differ between two states, in which columns, and the first of them.

    columns  column -> rows in which it differs
    shape    columns that only one of the two has
    """

    only_before: int
    only_after: int
    differing: int
    columns: Mapping[str, int] = field(default_factory=dict)
    rows: Sequence[RowDifference] = ()
    shape: Sequence[str] = ()

    @property
    def same(self) -> bool:
        return not (self.only_before or self.only_after or self.differing or self.shape)


def columns_of(con: duckdb.DuckDBPyConnection, relation: str) -> list[str]:
    return [str(row[0]) for row in con.execute(f"describe select * from {relation}").fetchall()]


def compare_files(
    con: duckdb.DuckDBPyConnection,
    before: Path,
    after: Path,
    grain: Sequence[str],
    hidden: Collection[str] = (),
    shown: int = SHOWN,
) -> Compared:
    """Compare the rows of two files of one table's partition."""
    return compare(con, parquet([before]), parquet([after]), grain, hidden, shown)


def compare(
    con: duckdb.DuckDBPyConnection,
    before: str,
    after: str,
    grain: Sequence[str],
    hidden: Collection[str] = (),
    shown: int = SHOWN,
) -> Compared:
    """Compare two relations (SQL that can stand behind FROM) by their common columns.

    grain   columns that name a row
    hidden  columns whose values are not shown
    shown   rows that are told of in full
    """
    pair = Pair.of(con, before, after, grain)
    found = con.execute(
        f"select count(*) filter (where a.place is null), count(*) filter (where b.place is null), "
        f"count(*) filter (where a.place is not null and b.place is not null) from {pair.joined}"
    ).fetchall()[0]
    return Compared(
        int(found[0]),
        int(found[1]),
        int(found[2]),
        _by_column(con, pair.joined, pair.values) if found[2] else {},
        _rows(con, pair.joined, pair.keys, pair.values, hidden, shown) if any(found) else (),
        pair.shape,
    )


@dataclass(frozen=True)
class Pair:
    """The rows in which two relations differ, side by side in one connection.

    joined        SQL of the two sides, `b` before and `a` after, by key
    keys, values  the common columns that name a row, and the others
    shape         columns that only one of the two has
    """

    joined: str
    keys: Sequence[str]
    values: Sequence[str]
    shape: Sequence[str]

    @classmethod
    def of(cls, con: duckdb.DuckDBPyConnection, before: str, after: str, grain: Sequence[str]) -> Pair:
        there, here = columns_of(con, before), columns_of(con, after)
        common = [column for column in there if column in here]
        shape = [f"{column} (only before)" for column in there if column not in here]
        shape += [f"{column} (only after)" for column in here if column not in there]
        keys = [column for column in grain if column in common]
        listed = ", ".join(map(quoted, common))
        for name, one, other in (("before_rows", before, after), ("after_rows", after, before)):
            # A row of the same key that stands several times is told apart by its place among them.
            con.execute(
                f"create or replace temp table {name} as "
                f"select *, row_number() over (partition by {_columns(keys)} order by {listed}) as place "
                f"from (select {listed} from {one} except all select {listed} from {other})"
            )
        on = " and ".join(f"b.{name} is not distinct from a.{name}" for name in (*map(quoted, keys), "place"))
        joined = f"before_rows as b full outer join after_rows as a on {on}"
        return cls(joined, keys, [column for column in common if column not in keys], shape)

    def changes(self, hidden: Collection[str] = (), beside: Sequence[str] = ()) -> str:
        """A SELECT of each value that differs: key, change, place, column, before, after.

        change  added, removed or changed: what became of the row
        place   of the column among the table's, -1 with column '' of a lone row that has nothing but its key
        beside  columns of the key that are told by themselves, each under its name
        """
        bare = " and ".join([_LONE, *(f"not ({_differs(name)})" for name in self.values)])
        cells = [("''", "null", "null", bare)]
        cells += [
            (literal(name), text_of("b.", name, hidden), text_of("a.", name, hidden), _differs(name))
            for name in self.values
        ]
        listed = ", ".join(
            f"{{'place': {place}, 'column': {name}, 'before': {b}, 'after': {a}, 'differs': {differs}}}"
            for place, (name, b, a, differs) in enumerate(cells, -1)
        )
        key = row_key([name for name in self.keys if name not in beside], hidden)
        alone = "".join(f"coalesce(b.{name}, a.{name}) as {name}, " for name in map(quoted, beside))
        return (
            f"select * exclude (v), v.place, v.column, v.before, v.after from (select {key} as key, "
            f"case when b.place is null then '{ADDED}' when a.place is null then '{REMOVED}' "
            f"else '{CHANGED}' end as change, {alone}unnest([{listed}]) as v from {self.joined}) "
            f"where v.differs"
        )


def _columns(names: Sequence[str]) -> str:
    return ", ".join(map(quoted, names)) or "1"


def _differs(column: str) -> str:
    return f"b.{quoted(column)} is distinct from a.{quoted(column)}"


def _by_column(con: duckdb.DuckDBPyConnection, joined: str, values: Sequence[str]) -> dict[str, int]:
    both = "a.place is not null and b.place is not null"
    counts = ", ".join(f"count(*) filter (where {both} and {_differs(column)})" for column in values)
    found = con.execute(f"select {counts} from {joined}").fetchall()[0] if values else ()
    return {column: int(count) for column, count in zip(values, found) if count}


def _rows(
    con: duckdb.DuckDBPyConnection,
    joined: str,
    keys: Sequence[str],
    values: Sequence[str],
    hidden: Collection[str],
    shown: int,
) -> list[RowDifference]:
    both = "when a.place is not null and b.place is not null and"
    # Of a row that is on one side only no column differs first.
    lone = {
        "column": "when a.place is null or b.place is null then ''",
        "b": "when a.place is null then 'there' when b.place is null then null",
        "a": "when a.place is null then null when b.place is null then 'there'",
    }
    found = {name: literal(name) for name in values}
    shows = {"column": found} | {
        side: {name: text_of(f"{side}.", name, hidden) for name in values} for side in ("b", "a")
    }
    told = ", ".join(
        " ".join(
            [
                "case",
                lone[what],
                *(f"{both} {_differs(name)} then {sql}" for name, sql in each.items()),
                "end",
            ]
        )
        for what, each in shows.items()
    )
    rows = con.execute(
        f"select {row_key(keys, hidden)}, {told} from {joined} order by 1, coalesce(b.place, a.place) "
        f"limit {int(shown)}"
    ).fetchall()
    return [RowDifference(str(key), str(column or ""), before, after) for key, column, before, after in rows]


def row_key(keys: Sequence[str], hidden: Collection[str] = ()) -> str:
    """SQL for a row's key as people read it, of whichever side has the row."""
    parts = (
        f"{literal(name + '=')} || coalesce({text_of('b.', name, hidden)}, {text_of('a.', name, hidden)})"
        for name in keys
    )
    return f"concat_ws(' ', {', '.join(parts)})" if keys else "''"


def text_of(side: str, column: str, hidden: Collection[str]) -> str:
    """SQL for a value as text; of a column that is not shown only that it has one."""
    value = f"cast({side}{quoted(column)} as varchar)"
    return f"case when {value} is not null then '{HIDDEN}' end" if column in hidden else value
