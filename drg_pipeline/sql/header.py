"""The head of a file of the arithmetic: YAML between `/*---` and `---*/`, then one SELECT.

How headers and lists beside them are read; what their keys mean is said where each kind of file is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from drg_pipeline.errors import DrgError, Fault, did_you_mean

# libyaml takes a fifth of the time, where it is there.
SAFE_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
HEADER = re.compile(r"\A/\*---\n(?P<yaml>.*?)\n---\*/\n(?P<sql>.*)\Z", re.S)
LAW_COMMENT = re.compile(r"--\s*law:\s*([A-Z][A-Z0-9-]*(?:\s*,\s*[A-Z][A-Z0-9-]*)*)")
READ_KEYS = ("months", "years", "within_year", "year_from", "deliveries_of")

Split = Callable[[Path], tuple[dict[str, Any], str]]
"""parts a file into its header and its SQL"""


def split_header(path: Path) -> tuple[dict[str, Any], str]:
    """The header as a mapping, and the SQL behind it."""
    found = HEADER.match(path.read_text(encoding="utf-8"))
    if not found:
        raise DrgError(
            f"{path.name} is not a model file.", remedy="Open it with /*--- (YAML) ---*/, then one SELECT."
        )
    header = yaml.load(found["yaml"], Loader=SAFE_LOADER)
    if not isinstance(header, dict):
        raise DrgError(f"{path.name}: the header is not a mapping.")
    return header, found["sql"].strip().rstrip(";")


def mapping(path: Path) -> dict[str, Any]:
    """A YAML file that is one mapping."""
    raw = yaml.load(path.read_text(encoding="utf-8"), Loader=SAFE_LOADER)
    if not isinstance(raw, dict):
        raise DrgError(f"{path.name} is not a mapping.")
    return raw


def unknown_keys(raw: Mapping[str, Any], known: Sequence[str], what: str = "key") -> list[str]:
    return [f"unknown {what} {key}{did_you_mean(str(key), known)}" for key in sorted(set(raw) - set(known))]


def check_keys(
    header: Mapping[str, Any], needed: Sequence[str], known: Sequence[str], where: str, faults: list[Fault]
) -> None:
    """Keys that a header has to have, and those that it may have."""
    faults += [Fault(where, what) for what in unknown_keys(header, known, "header key")]
    faults += [Fault(where, f"header key {key} is missing") for key in needed if key not in header]


def cited(header: Mapping[str, Any], *texts: str) -> tuple[str, ...]:
    """The clauses of a header and of the comments beside the lines that they govern, each once."""
    beside = (
        clause.strip() for text in texts for found in LAW_COMMENT.findall(text) for clause in found.split(",")
    )
    return tuple(dict.fromkeys([*(header.get("law") or ()), *beside]))


@dataclass(frozen=True)
class Reads:
    """Which partitions of an upstream table a step may see, where that is not its own period.

    months        offsets (from, to) from the model's month; `within_year` keeps those of its year
    years         offsets (from, to) from the model's year
    year_from     `layer.table.column` that names the upstream year for each of the model's periods
    deliveries_of table (setl. month, delivery) that tells which deliveries the periods need
    """

    months: tuple[int, int] | None = None
    within_year: bool = False
    years: tuple[int, int] | None = None
    year_from: str | None = None
    deliveries_of: str | None = None


def read_reads(raw: Any, where: str, faults: list[Fault]) -> dict[str, Reads]:
    """`reads` of a header, by upstream table."""
    result: dict[str, Reads] = {}
    for table, spec in (raw or {}).items():
        if unknown := unknown_keys(spec, READ_KEYS):
            faults += [Fault(where, f"reads.{table}: {what}") for what in unknown]
            continue
        pair = {key: (int(spec[key][0]), int(spec[key][1])) for key in ("months", "years") if key in spec}
        result[table] = Reads(
            months=pair.get("months"),
            years=pair.get("years"),
            within_year=bool(spec.get("within_year", False)),
            year_from=spec.get("year_from"),
            deliveries_of=spec.get("deliveries_of"),
        )
    return result


def texts_of(raw: Any) -> tuple[str, ...]:
    return tuple(map(str, raw or ()))
