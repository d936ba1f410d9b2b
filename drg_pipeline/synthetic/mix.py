"""How often the groups of a scheme are treated, at what cost and how long: the mix made whole for a scheme.

An ADRG that the mix does not have gets what `region.yml` says of its kind. Which records lead to a group is
in `recipes.py`; hospitals are in `region.py`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from drg_pipeline.grouping.scheme import Scheme

CHILD_TO = 18  # a split that ends here or earlier is one for children


@dataclass(frozen=True)
class Adrg:
    """`splits`: its groups ask for complications; `principal`: how its usual principal diagnoses begin."""

    adrg: str
    mdc: str
    per_10000: float
    fee: float
    days: float
    sigma: float
    child_share: float
    age_from: int
    age_to: int
    principal: tuple[str, ...]
    splits: bool

    @property
    def surgical(self) -> bool:
        return self.adrg[1:2] < "K"

    @property
    def letter(self) -> str:
        return self.adrg[:1]


@dataclass(frozen=True)
class Drg:
    """`severity`: mcc, cc, none, or mixed where nobody asks; `share`: of the cases of its ADRG."""

    drg: str
    adrg: Adrg
    severity: str
    child: bool
    share: float


def adrgs(scheme: Scheme, given: Mapping[str, Any]) -> list[Adrg]:
    """The ADRGs of a scheme with what is known of them, in the order of their codes."""
    known = given["mix"]
    asking = {
        adrg
        for adrg, predicate in _rows(scheme, "drg_rule", "adrg", "predicate")
        if predicate in ("has_mcc", "has_cc")
    }
    made = []
    for adrg, mdc, kind in _rows(scheme, "adrg", "adrg", "mdc", "kind"):
        if kind == "ambiguous":
            continue
        row = known.get(adrg) or _default(given, adrg)
        made.append(
            Adrg(
                adrg=adrg,
                mdc=mdc,
                per_10000=row["per_10000"],
                fee=row["mean_fee_yuan"],
                days=row["mean_days"],
                sigma=row["sigma"],
                child_share=row["child_share"],
                age_from=row["ages"]["low"],
                age_to=row["ages"]["high"],
                principal=row.get("principal", ()),
                splits=adrg in asking,
            )
        )
    return sorted(made, key=lambda entry: entry.adrg)


def drgs(scheme: Scheme, given: Mapping[str, Any], of: Sequence[Adrg]) -> list[Drg]:
    """The groups of the ADRGs, each with its share of the cases of its ADRG, in the order of their codes."""
    by_code = {entry.adrg: entry for entry in of}
    rules: dict[tuple[str, str], dict[str, list[tuple[str, str]]]] = defaultdict(lambda: defaultdict(list))
    for adrg, drg, alternative, predicate, highest in _rows(
        scheme, "drg_rule", "adrg", "drg", "alternative", "predicate", "max_value"
    ):
        rules[adrg, drg][alternative].append((predicate, highest))
    kinds: dict[tuple[str, str], tuple[str, bool]] = {}
    for (adrg, drg), alternatives in rules.items():
        if adrg in by_code:
            asked = [{predicate for predicate, _ in rows} for rows in alternatives.values()]
            child = all(
                any(name == "age_years" and highest and int(highest) <= CHILD_TO for name, highest in rows)
                for rows in alternatives.values()
            )
            kinds[adrg, drg] = (_severity(asked, by_code[adrg].splits), child)
    alike = Counter((adrg, *kind) for (adrg, _), kind in kinds.items())
    parted = {adrg for (adrg, _), (_, child) in kinds.items() if child}
    weights: dict[tuple[str, str], float] = {}
    for (adrg, drg), (severity, child) in kinds.items():
        weight = given["severities"][severity]["share"] / alike[adrg, severity, child]
        if adrg in parted:
            share = by_code[adrg].child_share
            weight *= share if child else 1 - share
            if child and severity in ("mcc", "cc"):
                weight *= given["child_severe"]
        weights[adrg, drg] = weight
    totals: Counter[str] = Counter()
    for (adrg, _), weight in weights.items():
        totals[adrg] += weight  # type: ignore[assignment]
    return [
        Drg(drg, by_code[adrg], *kinds[adrg, drg], weights[adrg, drg] / (totals[adrg] or 1))
        for adrg, drg in sorted(kinds, key=lambda key: (key[1], key[0]))
    ]


def _severity(asked: Sequence[set[str]], splits: bool) -> str:
    if not splits:
        return "mixed"
    if all("has_mcc" in names for names in asked):
        return "mcc"
    return "cc" if any("has_cc" in names for names in asked) else "none"


def _rows(scheme: Scheme, table: str, *columns: str) -> list[tuple[str, ...]]:
    cells = scheme.tables[table]
    return list(zip(*(cells[column] for column in columns), strict=True))


def _default(given: Mapping[str, Any], adrg: str) -> dict[str, Any]:
    kinds: list[dict[str, Any]] = given["other_adrgs"]
    return next((kind for kind in kinds if adrg[1:2] in kind["letters"]), kinds[-1])
