"""Shared SELECTs: files `_<name>.sql` that are no table, read by bare name, put as CTEs in front of a text.

A name is looked for among the CTEs of the text itself, then in the folder of its table, then in that of its
layer. A shared SELECT may read a name that each of its readers provides as a CTE of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from drg_pipeline.errors import Fault, did_you_mean
from drg_pipeline.forms import Place
from drg_pipeline.sql.header import Cited, Split, read_header
from drg_pipeline.sql.query import Parsed, is_word, parsed, parted

MARK = "_"
# No shared SELECT: how the members of a table become it.
TABLE_SELECT = f"{MARK}table.sql"


@dataclass(frozen=True)
class Shared:
    """A SELECT of a folder that several texts read; `name` is its file's without the mark before it."""

    name: str
    path: Path
    sql: str
    said: Parsed
    describe: str
    law: tuple[str, ...]


class Shelf:
    """The shared SELECTs that texts of a folder may read, those of the folder around it behind its own."""

    def __init__(self, folder: Path, split: Split, faults: list[Fault], around: Shelf | None = None) -> None:
        self.around = around
        self.own: dict[str, Shared] = {}
        self.read: set[str] = set()
        for path in sorted(folder.glob(f"{MARK}*.sql")):
            if path.name == TABLE_SELECT:
                continue
            if shared := _read_shared(path, split, faults):
                self.own[shared.name] = shared

    def find(self, name: str) -> Shared | None:
        if name in self.own:
            self.read.add(name)
            return self.own[name]
        return self.around.find(name) if self.around else None

    def names(self) -> Iterator[str]:
        yield from self.own
        if self.around:
            yield from self.around.names()

    def unread(self) -> list[Fault]:
        return [
            Fault(_where(shared.path), "is a shared SELECT that nobody reads")
            for name, shared in self.own.items()
            if name not in self.read
        ]


@dataclass(frozen=True)
class Composed:
    """A text that can run, and the shared SELECTs that stand in it."""

    sql: str
    said: Parsed
    shared: tuple[Shared, ...] = ()

    @property
    def columns(self) -> tuple[str, ...] | None:
        return self.said.columns

    @property
    def upstream(self) -> tuple[str, ...]:
        """What the text and its shared SELECTs read, in order of name."""
        return tuple(sorted({*self.said.upstream, *(up for one in self.shared for up in one.said.upstream)}))


def composed(sql: str, shelf: Shelf, where: str, faults: list[Fault], said: Parsed | None = None) -> Composed:
    """The text with the shared SELECTs that it reads as CTEs, each before the first part that needs it.

    A text that reads none stays as it is.

    said  what the text says, where that is known without reading it
    """
    said = said or parsed(sql)
    if not said.bare:
        return Composed(sql, said)
    hidden = sorted(said.names & set(shelf.names()))
    faults += [Fault(where, f"its own CTE {name} hides the shared SELECT of that name") for name in hidden]
    text = parted(sql)
    own, placed = dict(text.ctes), dict[str, str]()
    used: list[Shared] = []

    def place(names: Sequence[str], readers: tuple[str, ...]) -> None:
        for name in names:
            if name in placed or (name in own and not readers) or name in said.names - own.keys():
                continue
            if name in readers:
                circle = " -> ".join((*readers[readers.index(name) :], name))
                faults.append(Fault(where, f"its shared SELECTs read each other in a circle: {circle}"))
            elif name in own:
                faults.append(Fault(where, f"{readers[-1]} reads {name}, which is defined after it"))
            elif shared := shelf.find(name):
                place(sorted(shared.said.bare), (*readers, name))
                placed[name] = f"\n{name} as (\n{shared.sql}\n)"
                used.append(shared)
            else:
                reader = f"the shared SELECT {readers[-1]} reads" if readers else "reads"
                near = did_you_mean(name, shelf.names())
                faults.append(Fault(where, f"{reader} {name}, which is no CTE and no shared SELECT{near}"))

    reads = dict(said.bare_in)
    for name, cte in text.ctes:
        place(sorted(reads[name]), ())
        placed[name] = cte
    place(sorted(reads[""]), ())
    if not used:
        return Composed(sql, said)
    before = text.before or "with"
    gap = "" if text.ctes else "\n"
    return Composed(f"{before}{','.join(placed.values())}{gap}{text.body}", said, tuple(used))


def _read_shared(path: Path, split: Split, faults: list[Fault]) -> Shared | None:
    where, name = _where(path), path.stem.removeprefix(MARK)
    header, sql = read_header(Cited, split, path, Place(where, faults))
    if header is None:
        return None
    if not is_word(name):
        faults.append(Fault(where, f"{name} cannot stand in FROM as it is: name it otherwise"))
    if (said := parsed(sql)).columns is None:
        faults.append(Fault(where, said.fault or "is not one SELECT"))
        return None
    return Shared(name, path, sql, said, header.describe, header.cited(sql))


def _where(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"
