"""Draws the hospitals and groups of the made-up region from its parameters and a seed.

Only the few hundred rows that every claim refers to are made here; claims are made by SQL, and
files are written by `generate.py`.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import cycle
from pathlib import Path
from typing import Any

from drg_pipeline.errors import DrgError, WrongUse
from drg_pipeline.policy.strict_yaml import Place, read_yaml

PARAMETERS = Path(__file__).with_name("region.yml")
DRAWS = 2**32  # SQL draws a row by 32 bits of a hash
FEWEST_HOSPITALS = 6
_KEYS = (
    *("area", "other_areas", "scheme", "levels", "hospital_names", "hospital_spread", "groups", "families"),
    *(
        "uneven_groups",
        "rare_groups",
        "rare_cases",
        "new_groups",
        "yearly_growth",
        "deadline_days",
        "secondary_diagnoses",
        "persons",
        "rates",
    ),
    *("flaws", "upload_days", "budget", "odd_encodings"),
)
_SURGICAL, _MEDICAL = "BCDEF", "RSTUV"
_SEVERITIES = (("1", "3", "5"), ("9",), ("1", "3", "5"), ("3", "5"))
_SEVERITY_COST = {"1": 1.45, "3": 1.1, "5": 0.8, "9": 1.0}
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
    """`kind`: usual, rare (a handful of cases) or new (in the last year only)."""

    number: int
    drg: str
    icd: str
    surgical: bool
    weight: float
    ln_cost: float
    sigma: float
    days: float
    uneven: bool
    kind: str


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


def groups(given: Mapping[str, Any], seed: int) -> list[Group]:
    """Families of each category split by severity; the last ones are rare or new, a few are uneven."""
    rng = random.Random(f"groups {seed}")
    splits = cycle(_SEVERITIES)
    drawn: list[tuple[str, str, bool, float, float, float]] = []
    families = int(given["families"])
    for entry in given["groups"]:
        for family in range(families):
            surgical = family < families // 2
            letter = _SURGICAL[family] if surgical else _MEDICAL[family - families // 2]
            stem = f"{entry['mdc']}{letter}{rng.randint(1, 8)}"
            popularity = float(entry["weight"]) * (0.35 if surgical else 1.0) * math.exp(rng.gauss(0, 0.7))
            cost = float(entry["cost"]) * (1.9 if surgical else 0.75) * math.exp(rng.gauss(0, 0.3))
            for severity in next(splits):
                drawn.append(
                    (
                        stem + severity,
                        entry["icd"],
                        surgical,
                        popularity * (0.5 if severity == "1" else 1.0),
                        math.log(cost * _SEVERITY_COST[severity]),
                        float(entry["days"]) * (1.2 if severity == "1" else 1.0),
                    )
                )
    rare, new, uneven = (int(given[f"{kind}_groups"]) for kind in ("rare", "new", "uneven"))
    order = list(range(len(drawn)))
    rng.shuffle(order)
    kinds = dict.fromkeys(order[:rare], "rare") | dict.fromkeys(order[rare : rare + new], "new")
    mixed = set(order[rare + new : rare + new + uneven])
    return [
        Group(
            number=number + 1,
            drg=drg,
            icd=icd,
            surgical=surgical,
            weight=0.0 if number in kinds else weight,
            ln_cost=ln_cost,
            sigma=0.25 if number in mixed else 0.28 + 0.3 * rng.random(),
            days=days,
            uneven=number in mixed,
            kind=kinds.get(number, "usual"),
        )
        for number, (drg, icd, surgical, weight, ln_cost, days) in enumerate(drawn)
    ]


def group_weights(given: Mapping[str, Any], level: str, made: Sequence[Group]) -> list[float]:
    """How often a level treats each group: small hospitals see the cheap ones."""
    taste = float(given["levels"][level]["taste"])
    middle = math.log(10_000)
    return [group.weight * math.exp(taste * (group.ln_cost - middle)) for group in made]


def thresholds(weights: Sequence[float]) -> list[int]:
    """From which 32-bit draw on each row is meant; a row of no weight shares its successor's place."""
    total, below, lows = sum(weights), 0.0, []
    for weight in weights:
        lows.append(int(below / total * DRAWS))
        below += weight
    return lows


def _numbers(entry: Mapping[str, str]) -> dict[str, float]:
    return {name: float(value) for name, value in entry.items()}
