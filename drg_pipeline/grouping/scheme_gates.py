"""Principal diagnoses of a scheme that its rules ask for and no gate lets through.

A case reaches an adjacent group by the gate of its category. Where each gate of that asks for a principal
diagnosis, one that stands in the group's rule and in no gate never comes there: a list may have lost a row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Protocol

from drg_pipeline.grouping.scheme_table import Table, several
from drg_pipeline.ingest.reference_cells import shown

_PRINCIPAL = "principal_diagnosis_in"


class Asked(Protocol):
    """One row of a rule: what its owner's alternative asks."""

    @property
    def owner(self) -> tuple[str, ...]: ...
    @property
    def alternative(self) -> int: ...
    @property
    def predicate(self) -> str: ...
    @property
    def negated(self) -> bool: ...
    @property
    def code_set(self) -> str: ...


Sets = dict[str, list[frozenset[str] | None]]


def shut_out(
    adrg: Table | None, code_set: Table | None, gates: Sequence[Asked], rules: Sequence[Asked]
) -> Iterator[str]:
    """A note for each adjacent group with such principal diagnoses."""
    if adrg is None or code_set is None or not (adrg.complete and code_set.complete):
        return
    listed: dict[str, set[str]] = defaultdict(set)
    for set_id, code in code_set.keys("set_id", "code"):
        listed[set_id].add(code)
    taken, wanted = _principals(gates, listed), _principals(rules, listed)
    for group, category in adrg.keys("adrg", "mdc"):
        gate = taken.get(category, [])
        if not gate or None in gate:
            continue  # a gate that asks for no principal diagnosis lets any through
        lost = sorted(_union(wanted.get(group, [])) - _union(gate))
        if lost:
            told = several([shown(code) for code in lost])
            what = f"{group} asks for principal diagnoses that stand in no gate of {category}"
            yield f"adrg_rule.csv: {what}, so that no case with them comes there ({len(lost)}): {told}"


def _union(alternatives: Sequence[frozenset[str] | None]) -> set[str]:
    return {code for codes in alternatives if codes is not None for code in codes}


def _principals(asked: Sequence[Asked], listed: dict[str, set[str]]) -> Sets:
    """By owner, for each alternative, the principal diagnoses with which it can hold; None for any."""
    found: dict[tuple[str, int], frozenset[str] | None] = {}
    for row in asked:
        key = (row.owner[0], row.alternative)
        found.setdefault(key, None)
        if row.predicate == _PRINCIPAL and not row.negated:
            codes, before = frozenset(listed.get(row.code_set, ())), found[key]
            found[key] = codes if before is None else before & codes
    by_owner: Sets = defaultdict(list)
    for (owner, _), wanted in found.items():
        by_owner[owner].append(wanted)
    return by_owner
