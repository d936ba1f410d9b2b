"""Draws the hospitals and groups of the made-up region from its parameters, a scheme's mix and a seed.

Only the few hundred rows that every claim refers to are made here; claims are made by SQL, and
files are written by `generate.py`.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from drg_pipeline.errors import DrgError, WrongUse
from drg_pipeline.policy.strict_yaml import Place, read_yaml
from drg_pipeline.synthetic.mix import Drg

PARAMETERS = Path(__file__).with_name("region.yml")
DRAWS = 2**32  # SQL draws a row by 32 bits of a hash
FEWEST_HOSPITALS = 6
_KEYS = (
    *("area", "other_areas", "levels", "hospital_names", "hospital_spread"),
    *("severities", "child_severe", "child_cost", "other_adrgs", "recipes", "departments", "codes"),
    *(
        "comorbidities",
        "usual_procedures",
        "single",
        "uneven_groups",
        "rare_groups",
        "rare_cases",
        "new_groups",
    ),
    *(
        "yearly_growth",
        "deadline_days",
        "persons",
        "rates",
        "flaws",
        "upload_days",
        "budget",
        "odd_encodings",
    ),
)
_NEVER = date(9999, 12, 31)


@dataclass(frozen=True)
class Hospital:
    """`closed_from` … `closed_to`: when its agreement is not active (never: both in the far future)."""

    number: int
    code: str
    name: str
    level: str
    weight: float
    ln_cost: float
    fund: int
    status: str
    closed_from: date
    closed_to: date


@dataclass(frozen=True)
class Group:
    """`kind`: usual, rare (a handful of cases) or new (in the last year only).

    first_recipe, recipes  where its records stand among all
    single                 its patients do not come back
    others                 groups that it is taken for: of its ADRG, or else of its MDC
    """

    number: int
    drg: str
    severity: str
    surgical: bool
    weight: float
    ln_cost: float
    sigma: float
    days: float
    uneven: bool
    kind: str
    first_recipe: int
    recipes: int
    single: bool
    others: tuple[str, ...]


def parameters(path: Path = PARAMETERS) -> dict[str, Any]:
    """The region's parameters, their scalars as text."""
    place = Place(path.name)
    given = place.mapping(read_yaml(path, place), _KEYS)
    if place.faults:
        raise DrgError(f"{path.name} does not describe a region.", place.faults, remedy=f"Correct {path}.")
    return given


def hospitals(given: Mapping[str, Any], count: int, seed: int, last_year: int) -> list[Hospital]:
    """The large ones first; of the last three one is suspended for a spring, one is terminated in
    summer of the last year, and one has no agreement at any time."""
    if count < FEWEST_HOSPITALS:
        raise WrongUse(f"{count} hospitals are too few.", remedy=f"Ask for {FEWEST_HOSPITALS} or more.")
    rng = random.Random(f"hospitals {seed}")
    levels = {level: _numbers(entry) for level, entry in given["levels"].items()}
    sizes = {level: max(1, round(count * entry["hospitals"])) for level, entry in levels.items()}
    last_level = list(sizes)[-1]
    sizes[last_level] += count - sum(sizes.values())
    closed = {
        count - 2: ("suspended", date(last_year, 4, 1), date(last_year, 6, 30)),
        count - 1: ("terminated", date(last_year, 7, 1), _NEVER),
        count: ("terminated", date(1900, 1, 1), _NEVER),
    }
    made: list[Hospital] = []
    for level, size in sizes.items():
        names = given["hospital_names"][level]
        shares = [1 / (position + 1.5) ** 0.7 for position in range(size)]
        for position in range(size):
            number = len(made) + 1
            status, since, until = closed.get(number, ("active", _NEVER, _NEVER))
            turn = position // len(names)
            spread = float(given["hospital_spread"])
            made.append(
                Hospital(
                    number=number,
                    code=f"H{given['area']}{number:05d}",
                    name=names[position % len(names)] + (f"第{turn + 1}分院" if turn else ""),
                    level=level,
                    weight=0.0
                    if number == count
                    else levels[level]["weight"] * shares[position] / sum(shares),
                    ln_cost=math.log(levels[level]["cost"] * (1 + spread * (2 * rng.random() - 1))),
                    fund=int(levels[level]["fund"]),
                    status=status,
                    closed_from=since,
                    closed_to=until,
                )
            )
    return made


def groups(
    given: Mapping[str, Any], made: Sequence[Drg], recipes: Mapping[str, tuple[int, int]], seed: int
) -> list[Group]:
    """The groups that have recipes; a few of the seldom ones are rare or new, a few of the others uneven."""
    rng = random.Random(f"groups {seed}")
    drawn = [entry for entry in made if entry.drg in recipes]
    of_adrg: dict[str, list[str]] = defaultdict(list)
    of_mdc: dict[str, list[str]] = defaultdict(list)
    for entry in drawn:
        of_adrg[entry.adrg.adrg].append(entry.drg)
        of_mdc[entry.adrg.mdc].append(entry.drg)
    weights = [entry.adrg.per_10000 * entry.share for entry in drawn]
    order = sorted(range(len(drawn)), key=lambda number: (weights[number], drawn[number].drg))
    half = len(order) // 2
    rare, new, uneven = (int(given[f"{kind}_groups"]) for kind in ("rare", "new", "uneven"))
    seldom = rng.sample(order[:half], min(rare + new, half))
    kinds = dict.fromkeys(seldom[:rare], "rare") | dict.fromkeys(seldom[rare:], "new")
    often = [number for number in order[half:] if number not in kinds]
    mixed = set(rng.sample(often, min(uneven, len(often))))
    severities = given["severities"]
    result = []
    for number, entry in enumerate(drawn):
        of = _numbers(severities[entry.severity])
        sigma = 0.25 if number in mixed else entry.adrg.sigma + of["sigma"]
        fee = entry.adrg.fee * of["cost"] * (float(given["child_cost"]) if entry.child else 1.0)
        first, count = recipes[entry.drg]
        alike = [drg for drg in of_adrg[entry.adrg.adrg] if drg != entry.drg]
        result.append(
            Group(
                number=number + 1,
                drg=entry.drg,
                severity=entry.severity,
                surgical=entry.adrg.surgical,
                weight=0.0 if number in kinds else weights[number],
                ln_cost=math.log(fee) - sigma * sigma / 2,
                sigma=sigma,
                days=max(1.0, entry.adrg.days * of["days"]),
                uneven=number in mixed,
                kind=kinds.get(number, "usual"),
                first_recipe=first,
                recipes=count,
                single=entry.adrg.letter in given["single"],
                others=tuple(alike or [drg for drg in of_mdc[entry.adrg.mdc] if drg != entry.drg]),
            )
        )
    return result


def group_weights(given: Mapping[str, Any], level: str, made: Sequence[Group]) -> list[float]:
    """How often a level treats each group: small hospitals see the cheap, plain and unoperated ones."""
    of = _numbers(given["levels"][level])
    middle = math.log(10_000)
    return [
        group.weight
        * math.exp(of["taste"] * (group.ln_cost - middle))
        * (of["surgery"] if group.surgical else 1.0)
        * (of["severe"] if group.severity in ("mcc", "cc") else 1.0)
        for group in made
    ]


def thresholds(weights: Sequence[float]) -> list[int]:
    """From which 32-bit draw on each row is meant; a row of no weight shares its successor's place."""
    total, below, lows = sum(weights), 0.0, []
    for weight in weights:
        lows.append(int(below / total * DRAWS))
        below += weight
    return lows


def _numbers(entry: Mapping[str, str]) -> dict[str, float]:
    return {name: float(value) for name, value in entry.items()}
