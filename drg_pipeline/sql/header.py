"""The head of a file of the arithmetic: YAML between `/*---` and `---*/`, then one SELECT.

How a file is parted, and what headers of every kind may say; what one kind says besides stands with the kind.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, TypeVar

from drg_pipeline.forms import EMPTY, Place, fill, parse_yaml, read_text, shown
from drg_pipeline.sql.methods import When

HEADER = re.compile(r"\A/\*---\n(?P<yaml>.*?)\n---\*/\n(?P<sql>.*)\Z", re.S)
LAW_COMMENT = re.compile(r"--\s*law:\s*([A-Z][A-Z0-9-]*(?:\s*,\s*[A-Z][A-Z0-9-]*)*)")
_OFFSET = re.compile(r"-?[0-9]{1,4}")

T = TypeVar("T")
Names = Annotated[tuple[str, ...], EMPTY]
Split = Callable[[Path, Place], tuple[dict[str, Any] | None, str]]
"""parts a file into its header (None, with a fault, where it has none) and its SQL"""


def split_header(path: Path, place: Place) -> tuple[dict[str, Any] | None, str]:
    """The keys of the header, and the SQL behind it."""
    text = read_text(path, place)
    if text is None:
        return None, ""
    found = HEADER.match(text)
    if found is None:
        place.fault("is not a model file: open it with /*--- (YAML) ---*/, then one SELECT")
        return None, ""
    header = parse_yaml(found["yaml"], place, before=1)
    if header is not None and not isinstance(header, dict):
        place.fault(f"the header must be a mapping; found {shown(header)}")
    return header if isinstance(header, dict) else None, found["sql"].strip().rstrip(";")


def read_header(form: type[T], split: Split, path: Path, place: Place) -> tuple[T | None, str]:
    """The header of a file, None where it has none, and the SQL behind it."""
    keys, sql = split(path, place)
    return None if keys is None else fill(form, place, keys), sql


def read_headed(form: type[T], path: Path, whole: Place) -> T:
    """What a file says: its header, and the SQL behind it as if it were the header's key `sql`."""
    place = Place(f"{path.parent.name}/{path.name}", whole.faults)
    header, sql = split_header(path, place)
    if header is None:
        return fill(form, Place(place.file), None)
    if "sql" in header:
        place.at("sql").fault("unknown key: what is computed stands behind the header")
    return fill(form, place, header | {"sql": sql})


def _span(place: Place, node: Any) -> tuple[int, int]:
    """Offsets of the first and the last of several periods."""
    pair = node if isinstance(node, list) and len(node) == 2 else ["", ""]
    if not all(isinstance(one, str) and _OFFSET.fullmatch(one) for one in pair) or int(pair[0]) > int(
        pair[1]
    ):
        place.fault("must be two offsets, first and last: [-1, 0] is the period before and the period itself")
        return 0, 0
    return int(pair[0]), int(pair[1])


Span = Annotated[tuple[int, int], _span]


@dataclass(frozen=True)
class Reads:
    """Which partitions of an upstream table a step may see, where that is not its own period.

    months        offsets (from, to) from the model's month; `within_year` keeps those of its year
    years         offsets (from, to) from the model's year
    year_from     `layer.table.column` that names the upstream year for each of the model's periods
    deliveries_of table (setl. month, delivery) that tells which deliveries the periods need
    """

    months: Span | None = None
    within_year: bool = False
    years: Span | None = None
    year_from: str | None = None
    deliveries_of: str | None = None

    @property
    def guide(self) -> str:
        """The table that says which years or deliveries these are; '' where none does."""
        return self.deliveries_of or (self.year_from or "").rpartition(".")[0]


@dataclass(frozen=True, kw_only=True)
class Cited:
    """What every header says: what the file computes, and by which clauses."""

    describe: str
    law: Names = ()

    def cited(self, *texts: str) -> tuple[str, ...]:
        """The clauses of a header and of the comments beside the lines that they govern, each once."""
        beside = (
            clause.strip()
            for text in texts
            for found in LAW_COMMENT.findall(text)
            for clause in found.split(",")
        )
        return tuple(dict.fromkeys([*self.law, *beside]))


@dataclass(frozen=True, kw_only=True)
class Header(Cited):
    """What a header says of a SELECT that is run by itself: periods other than its own, what it waits for."""

    reads: Annotated[Mapping[str, Reads], EMPTY] = field(default_factory=dict)
    when: When = field(default_factory=dict)
