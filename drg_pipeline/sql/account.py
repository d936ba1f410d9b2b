"""The account of a claim in SQL: `<layer>/account/<name>.sql`, beside the step that it explains.

Reads the SELECTs, orders them and refuses what does not fit. They are never stored; one reads another as
`account.<name>`, whatever its layer. What their lines say and how they look is not known here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drg_pipeline.errors import DrgError, Fault
from drg_pipeline.sql.model import Reads, reads_of, selected, split_header, tables_of
from drg_pipeline.sql.order import ordered

ACCOUNT = "account"
KEYS = {"describe", "reads", "law", "section"}
SECTION_KEYS = {"order", "title", "optional"}


@dataclass(frozen=True)
class Section:
    """The place of an explanation in the account of a claim: by `order`, under a title (language -> text).

    `optional`: without lines it is left out, and nobody misses it.
    """

    order: int
    title: Mapping[str, str]
    optional: bool


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


def read_explanations(folder: Path, layers: Sequence[str]) -> dict[str, Explanation]:
    """id -> explanation of all layers, each after those that it reads; DrgError for two of one name."""
    found = [
        read_explanation(path)
        for layer in layers
        for path in sorted((folder / layer / ACCOUNT).glob("*.sql"))
    ]
    by_id = {one.id: one for one in found}
    twice = [
        Fault(one.id, f"stands in {one.layer} and in {by_id[one.id].layer}: rename one of the two")
        for one in found
        if by_id[one.id] is not one
    ]
    if twice:
        raise DrgError("Explanations of two layers have one name.", twice)
    return ordered(by_id, lambda one: one.explained)


def read_explanation(path: Path) -> Explanation:
    """Parse one file of a layer's account; every fault of it in one error."""
    header, sql = split_header(path)
    faults = [Fault(path.stem, f"unknown header key {key}") for key in sorted(set(header) - KEYS)]
    if "describe" not in header:
        faults.append(Fault(path.stem, "header key describe is missing"))
    reads = reads_of(header.get("reads"), path.stem, faults)
    section = _section(header["section"], path.stem, faults) if "section" in header else None
    if faults:
        raise DrgError(f"The explanation {path.stem} cannot be used.", faults)
    return Explanation(
        id=path.stem,
        path=path,
        sql=sql,
        describe=str(header["describe"]).strip(),
        reads=reads,
        law=tuple(header.get("law") or ()),
        upstream=tables_of(sql),
        columns=selected(sql),
        section=section,
    )


def _section(raw: Any, where: str, faults: list[Fault]) -> Section | None:
    if not isinstance(raw, dict) or set(raw) - SECTION_KEYS or not {"order", "title"} <= set(raw):
        faults.append(Fault(where, f"section: has order and title, and may have optional; found {raw!r}"))
        return None
    return Section(int(raw["order"]), raw["title"], bool(raw.get("optional", False)))


def misread(
    explanations: Mapping[str, Explanation], known: Collection[str], rank: Mapping[str, int]
) -> list[Fault]:
    """Tables that nothing provides, and those that are computed after the step that is explained."""
    faults: list[Fault] = []
    for one in explanations.values():
        for table in one.tables:
            if table not in known:
                faults.append(Fault(one.id, f"reads {table}, which nothing provides"))
            elif rank.get(table.split(".")[0], -1) > rank[one.layer]:
                faults.append(Fault(one.id, f"reads {table}, which is computed after {one.layer}"))
        faults += [
            Fault(one.id, f"reads {ACCOUNT}.{other}, which nothing provides")
            for other in one.explained
            if other not in explanations
        ]
    return faults
