"""The account of a claim in SQL: `<layer>/account/<name>.sql`, beside the step that it explains.

Reads the SELECTs, orders them and refuses what does not fit. They are never stored; one reads another as
`account.<name>`, whatever its layer. What their lines say and how they look is not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from drg_pipeline.errors import Fault
from drg_pipeline.forms import ByLanguage
from drg_pipeline.sql.header import Header, Reads
from drg_pipeline.sql.methods import When
from drg_pipeline.sql.model import Reader

ACCOUNT = "account"


@dataclass(frozen=True)
class Section:
    """The place of an explanation in the account of a claim: by `order`, under a title (language -> text).

    `optional`: without lines it is left out, and nobody misses it.
    """

    order: int
    title: ByLanguage
    optional: bool = False


@dataclass(frozen=True, kw_only=True)
class _Header(Header):
    section: Section | None = None


@dataclass(frozen=True)
class Explanation:
    """A SELECT that is never stored: it says something about the cases that its reader is shown."""

    id: str
    path: Path
    sql: str
    describe: str
    reads: Mapping[str, Reads]
    law: tuple[str, ...]
    upstream: tuple[str, ...]
    columns: tuple[str, ...]
    when: When
    section: Section | None = None

    @property
    def layer(self) -> str:
        return self.path.parent.parent.name

    @property
    def explained(self) -> list[str]:
        """The explanations that this one reads."""
        return [table.split(".")[1] for table in self.upstream if table.split(".")[0] == ACCOUNT]

    @property
    def tables(self) -> list[str]:
        """What it reads of the lake."""
        return [table for table in self.upstream if table.split(".")[0] != ACCOUNT]


def read_explanations(reader: Reader, folder: Path, layers: Sequence[str]) -> list[Explanation]:
    """The explanations of all layers; two of one name are a fault."""
    found: dict[str, Explanation] = {}
    for layer in layers:
        for one in reader.each(partial(read_explanation, reader), folder / layer / ACCOUNT):
            if one.id in found:
                twice = f"stands in {found[one.id].layer} and in {one.layer}: rename one of the two"
                reader.faults.append(Fault(one.id, twice))
            found[one.id] = one
    return list(found.values())


def read_explanation(reader: Reader, path: Path) -> Explanation | None:
    """One file of a layer's account."""
    found = reader.said(_Header, path)
    if found is None:
        return None
    header, common = found
    return Explanation(**common, section=header.section)


def misread(
    explanations: Mapping[str, Explanation],
    unknown: Callable[[str, Iterable[str]], list[Fault]],
    rank: Mapping[str, int],
) -> list[Fault]:
    """What is read and not there, and tables that are computed after the step that is explained.

    unknown  the faults of tables that something (its name) reads and nothing provides
    """
    faults: list[Fault] = []
    for one in explanations.values():
        faults += unknown(one.id, one.tables)
        faults += [
            Fault(one.id, f"reads {table}, which is computed after {one.layer}")
            for table in one.tables
            if rank.get(table.split(".")[0], -1) > rank[one.layer]
        ]
        faults += [
            Fault(one.id, f"reads {ACCOUNT}.{other}, which nothing provides")
            for other in one.explained
            if other not in explanations
        ]
    return faults
