"""Gathered tables: a folder whose files are members of one table, each a SELECT of its own.

`_table.yml` holds once what the header of a model holds. By `gather: union`, which is what is meant where
nothing is said, the table has the rows of all members that apply, in order of name. By `gather: states` the
members are rules on one shared row, compiled into one pass: a column a rule, and what the failing ones tell.
By `gather: first` they are ways to treat one row (`first.py`). A file `_table.sql` says how what is gathered,
which it reads as `members`, becomes the table; without one it is the table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated

import sqlglot
from sqlglot import exp

from drg_pipeline.errors import Fault
from drg_pipeline.forms import Place, one_of, read_form
from drg_pipeline.sql.first import Way, misshapen, one_pass
from drg_pipeline.sql.header import Cited, Header, Reads, read_header
from drg_pipeline.sql.methods import Methods, applies
from drg_pipeline.sql.model import DETAIL, DETAILS, FAILS, Listing, Member, Model, ModelHeader, Reader
from drg_pipeline.sql.query import (
    Parsed,
    clauses_beside,
    is_word,
    items,
    looks_beyond_its_row,
    parsed,
    row_source,
    table_name,
)
from drg_pipeline.sql.shared import MARK, TABLE_SELECT, Composed, Shared, Shelf, composed

TABLE_FILE = "_table.yml"
UNION, STATES, FIRST = "union", "states", "first"
# What `_table.sql` calls the rows that are gathered.
MEMBERS = "members"

TypeOf = Callable[[str], str]
"""column -> its SQL type"""


@dataclass(frozen=True, kw_only=True)
class _Table(ModelHeader):
    """What `_table.yml` says: what a model's header does, and how the members are gathered.

    member        the column, or the field of what failing rules tell, that is filled with their names
    order         of `first`: which of them is asked first
    may_be_empty  the table is there where none of them applies
    listed_in     where the law lists them
    members_of    the folder (`layer/table`) whose members these are, where the table asks the rules of
                  another one of rows of its own: what both share stands there, what differs in this folder
    """

    gather: Annotated[str, one_of((UNION, STATES, FIRST))] = UNION
    member: str = ""
    order: tuple[str, ...] = ()
    may_be_empty: bool = False
    listed_in: Listing | None = None
    members_of: str = ""

    def check(self, place: Place) -> None:
        super().check(place)
        if self.members_of and self.gather != STATES:
            place.at("members_of").fault(f"names the folder of rules: it stands where gather is {STATES}")
        if self.gather in (STATES, FIRST) and not self.member:
            states = self.gather == STATES
            what = f"what {DETAILS} call a rule" if states else "the column that names who treats a row"
            place.at("member").fault(f"missing key: {what}")
        if self.gather and (self.gather == FIRST) != bool(self.order):
            place.at("order").fault(f"is that of the members where gather is {FIRST}, and stands there only")


@dataclass(frozen=True)
class _File:
    """A member with its text."""

    member: Member
    sql: str
    columns: tuple[str, ...]
    reads: Mapping[str, Reads]
    where: str

    @cached_property
    def tree(self) -> exp.Expr:
        return sqlglot.parse_one(self.sql, read="duckdb")


def read_gathered(
    reader: Reader, folder: Path, layer: str, around: Shelf, methods: Methods | None, type_of: TypeOf
) -> tuple[Model | None, Shelf]:
    """The table of a folder, of the members that apply, and the shared SELECTs of the folder."""
    name, faults = f"{layer}.{folder.name}", reader.faults
    before = len(faults)
    header = read_form(_Table, folder / TABLE_FILE, Place(name, faults))
    reader.ask(header.when, name)
    home = folder.parents[1] / header.members_of if header.members_of else folder
    if home != folder:
        around = Shelf(home, reader.split, faults, Shelf(home.parent, reader.split, faults))
    shelf = Shelf(folder, reader.split, faults, around)
    paths = [path for path in sorted(home.glob("*.sql")) if not path.name.startswith(MARK)]
    found = [file for path in paths if (file := _member(reader, path, name))]
    texts = [composed(file.sql, shelf, file.where, faults) for file in found]
    if not paths:
        faults.append(Fault(name, "has no member"))
    if len(faults) > before or not found:
        return None, shelf
    _check_members(header, name, found, faults)
    own = [file for file in found if applies(file.member.when, methods)]
    empty = header.may_be_empty and header.gather == UNION
    if not own and applies(header.when, methods) and not empty:
        named = ", ".join(file.member.name for file in found)
        faults.append(Fault(name, f"none of its members applies: {named}; or it says may_be_empty: true"))
    if len(faults) > before or (not own and not empty):
        return None, shelf
    sql, said = _gathered(header, own, found[0].columns, shelf, type_of, faults)
    law = (*header.law, *(clause for file in own for clause in file.member.law))
    files = (folder / TABLE_FILE, *(file.member.path for file in own))
    if (folder / TABLE_SELECT).is_file():
        select = _select(reader, folder / TABLE_SELECT, name)
        shelf.own[MEMBERS] = replace(select, name=MEMBERS, sql=sql, said=said, law=())
        shelf.read.add(MEMBERS)
        sql, said, law, files = select.sql, select.said, (*law, *select.law), (*files, select.path)
    whole = composed(sql, shelf, name, faults, said)
    law += tuple(clause for shared in whole.shared for clause in shared.law)
    model = reader.table(
        header,
        name,
        whole,
        _reads(header, name, own, [whole, *texts], faults),
        files=files,
        law=law,
        members=tuple(file.member for file in own),
        member=header.member,
        listed_in=header.listed_in,
        states={file.member.name: file.member for file in own} if header.gather == STATES else {},
        borrowed=bool(header.members_of),
    )
    return model, shelf


def _check_members(header: _Table, name: str, found: Sequence[_File], faults: list[Fault]) -> None:
    """Whether the members can be gathered, those too that do not apply."""
    if header.gather == FIRST:
        faults += misshapen(_ways(found), header.order, name)
        return
    faults += _unlike(found)
    if header.gather == STATES:
        faults += [fault for file in found for fault in _no_rule(file)]
        faults += _other_rows(found)
    else:
        faults += [fault for file in found for fault in _names(file, header)]


def _gathered(
    header: _Table,
    own: Sequence[_File],
    columns: Sequence[str],
    shelf: Shelf,
    type_of: TypeOf,
    faults: list[Fault],
) -> tuple[str, Parsed]:
    """The members that apply as one SELECT, and what it says."""
    every = [parsed(file.sql) for file in own]
    upstream = tuple(sorted({table for one in every for table in one.upstream}))
    bare = frozenset().union(*(one.bare for one in every))
    said = Parsed(upstream, bare=bare, bare_in=(("", bare),))
    if header.gather == STATES:
        states = (file.member.name for file in own)
        return _states(own, header), replace(said, columns=(*columns[:-2], *states, DETAILS))
    if header.gather == UNION:
        named = (header.member,) if header.member else ()
        return _union(own, columns, header, type_of), replace(said, columns=(*columns, *named))
    ways = _ways(own)
    row = shelf.find(ways[0].row[0])
    known = (row.said.columns if row else None) or ()
    sql = one_pass(ways, header.order, header.member, known, faults)
    return sql, parsed(sql)


def _ways(files: Sequence[_File]) -> list[Way]:
    return [Way(file.member.name, file.sql, file.where) for file in files]


def _member(reader: Reader, path: Path, table: str) -> _File | None:
    where = f"{table}/{path.stem}"
    header, sql = reader.header(Header, path, where)
    if header is None or (columns := reader.columns(sql, where)) is None:
        return None
    member = Member(path.stem, path, header.describe, header.cited(sql), header.when)
    return _File(member, sql, columns, header.reads, where)


def _select(reader: Reader, path: Path, table: str) -> Shared:
    """How what is gathered becomes the table."""
    where = f"{table}/{path.name}"
    header, sql = read_header(Cited, reader.split, path, Place(where, reader.faults))
    said = parsed(sql)
    if header and reader.columns(sql, where) is not None and MEMBERS not in said.bare:
        reader.faults.append(Fault(where, f"does not read {MEMBERS}, the rows that are gathered"))
    header = header or Cited(describe="")
    return Shared(path.stem, path, sql, said, header.describe, header.cited(sql))


def _unlike(found: Sequence[_File]) -> list[Fault]:
    """Members of a table have the same columns in the same order."""
    first = found[0]
    return [
        Fault(
            file.where,
            f"selects {', '.join(file.columns)}; {first.member.name} selects {', '.join(first.columns)}",
        )
        for file in found[1:]
        if file.columns != first.columns
    ]


def _names(file: _File, header: _Table) -> list[Fault]:
    if header.member in file.columns:
        return [Fault(file.where, f"selects {header.member}, which is filled with the name of its file")]
    return []


def _reads(
    header: _Table,
    name: str,
    own: Sequence[_File],
    texts: Sequence[Composed],
    faults: list[Fault],
) -> dict[str, Reads]:
    """What the table and its members read otherwise than their own period, as far as it is read.

    texts  the whole table, then each of its members, those too that do not apply
    """
    upstream = {table for text in texts for table in text.upstream}
    said = [(name, header.reads), *((file.where, file.reads) for file in own)]
    found: dict[str, Reads] = {}
    for where, reads in said:
        for table, each in reads.items():
            if table not in upstream:
                faults.append(Fault(where, f"reads.{table} is not read"))
            elif found.setdefault(table, each) != each:
                faults.append(Fault(where, f"reads.{table} is said otherwise elsewhere in the table"))
    return {table: each for table, each in found.items() if table in texts[0].upstream}


# -- the rows of all members -------------------------------------------------------------------


def _union(own: Sequence[_File], columns: Sequence[str], header: _Table, type_of: TypeOf) -> str:
    named = header.member
    if not own:
        every = (*columns, *((named,) if named else ()))
        nothing = (f"cast(null as {type_of(column)}) as {column}" for column in every)
        return f"select {', '.join(nothing)} where false"
    selects = []
    for file in own:
        filled = f", '{file.member.name}' as {named}" if named else ""
        selects.append(f"select {', '.join(columns)}{filled} from (\n{file.sql}\n) as of_member")
    return "\nunion all\n".join(selects)


# -- rules on one row --------------------------------------------------------------------------


def _no_rule(file: _File) -> list[Fault]:
    """What a rule is beyond `select <keys>, <condition> as fails, <text> as detail from <row>`."""
    tree = file.tree
    said = []
    if not isinstance(tree, exp.Select):
        return [Fault(file.where, "is not one plain SELECT")]
    if clauses := clauses_beside(tree):
        said.append(f"a rule says of every row whether it fails: it has no {', '.join(clauses)}")
    source = row_source(tree)
    if source is None or source.alias:
        said.append("reads its row by its own name, from one table or shared SELECT")
    if file.columns[-2:] != (FAILS, DETAIL):
        said.append(f"ends with {FAILS} and {DETAIL}; its columns: {', '.join(file.columns)}")
    keys = tree.expressions[:-2]
    if any(not isinstance(key, exp.Column) or key.table for key in keys):
        said.append("what stands before fails are the names of key columns")
    if any(map(looks_beyond_its_row, tree.expressions[-2:])):
        said.append("looks at more than its row")
    if any(column.table for column in tree.find_all(exp.Column)):
        said.append("names a column with its table")
    if not is_word(file.member.name):
        said.append("its name is a column, and no word that stands in SQL as it is: name it otherwise")
    return [Fault(file.where, what) for what in said]


def _other_rows(found: Sequence[_File]) -> list[Fault]:
    first = _row_of(found[0])
    return [
        Fault(file.where, f"reads {_row_of(file)}; {found[0].member.name} reads {first}")
        for file in found[1:]
        if _row_of(file) != first
    ]


def _row_of(file: _File) -> str:
    source = row_source(file.tree)
    return table_name(source) if source else ""


def _states(own: Sequence[_File], header: _Table) -> str:
    """One pass over the row. What failing rules tell is put together for the rows that fail any."""
    parts = {file.member.name: items(file.sql) for file in own}
    judged = [f'({part[FAILS]}) as "{name}?"' for name, part in parts.items()]
    states = [f'"{name}?" as {name}' for name in parts]
    fails_any = " or ".join(f'"{name}?"' for name in parts)
    told = [
        f"case when \"{name}?\" then {{'{header.member}': '{name}', '{DETAIL}': {part[DETAIL]}}} end"
        for name, part in parts.items()
    ]
    return f"""select
    {_lines([*own[0].columns[:-2], *states], 4)},
    case
        when {fails_any} then list_filter([
            {_lines(told, 12)}
        ], lambda told: told is not null)
        else []
    end as {DETAILS}
from (
    select
        *,
        {_lines(judged, 8)}
    from {_row_of(own[0])}
) as judged"""


def _lines(parts: Sequence[str], indent: int) -> str:
    return f",\n{' ' * indent}".join(parts)
