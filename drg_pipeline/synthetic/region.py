"""Draws the hospitals and groups of the made-up region from its parameters, a scheme's mix and a seed.

Only the few hundred rows that every claim refers to are made here; claims are made by SQL, and
files are written by `generate.py`.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import NormalDist
from typing import Any, TypeVar

from drg_pipeline.errors import WrongUse
from drg_pipeline.synthetic.mix import Drg
from drg_pipeline.synthetic.parameters import HABITS

DRAWS = 2**32  # SQL draws a row by 32 bits of a hash
FEWEST_HOSPITALS = 6
Drawn = TypeVar("Drawn")
_NEVER = date(9999, 12, 31)


@dataclass(frozen=True)
class Hospital:
    """`closed_from` … `closed_to`: when its agreement is not active (never: both in the far future).

    habits  which share of the claims in reach of a threshold it bends, by habit
    """

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
    habits: Mapping[str, float]


@dataclass(frozen=True)
class Group:
    """`kind`: usual, rare (a handful of cases) or new (in the last year only).

    first_recipe, recipes  where its records stand among all
    single                 its patients do not come back
    planned                its patients come back for courses of treatment
    season                 factors on its weight, January … December
    ln_low, ln_high        logarithms of the fees that count for its level means
    others                 groups that it is taken for: of its ADRG, or else of its MDC
    strangers              groups of other ADRGs of its MDC
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
    planned: bool
    season: tuple[float, ...]
    ln_low: float
    ln_high: float
    others: tuple[str, ...]
    strangers: tuple[str, ...]


def hospitals(given: Mapping[str, Any], count: int, seed: int, last_year: int) -> list[Hospital]:
    """The large ones first; of the last three one is suspended for a spring, one is terminated in
    summer of the last year, and one has no agreement at any time."""
    if count < FEWEST_HOSPITALS:
        raise WrongUse(f"{count} hospitals are too few.", remedy=f"Ask for {FEWEST_HOSPITALS} or more.")
    rng = random.Random(f"hospitals {seed}")
    levels = given["levels"]
    sizes = {level: max(1, round(count * entry["hospitals"])) for level, entry in levels.items()}
    last_level = list(sizes)[-1]
    sizes[last_level] += count - sum(sizes.values())
    suspended, terminated = given["closures"]["suspended"], given["closures"]["terminated"]
    closed = {
        count - 2: ("suspended", _on(last_year, suspended["from"]), _on(last_year, suspended["to"])),
        count - 1: ("terminated", _on(last_year, terminated["from"]), _NEVER),
        count: ("terminated", date(1900, 1, 1), _NEVER),
    }
    bending = _habits(given["habits"], sizes, seed)
    made: list[Hospital] = []
    for level, size in sizes.items():
        names = given["hospital_names"][level]
        shares = [1 / (position + 1.5) ** 0.7 for position in range(size)]
        for position in range(size):
            number = len(made) + 1
            status, since, until = closed.get(number, ("active", _NEVER, _NEVER))
            turn = position // len(names)
            spread = given["hospital_spread"]
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
                    fund=levels[level]["fund"],
                    status=status,
                    closed_from=since,
                    closed_to=until,
                    habits=bending[number],
                )
            )
    return made


def _on(year: int, day: str) -> date:
    return date.fromisoformat(f"{year}-{day}")


def _habits(given: Mapping[str, Any], sizes: Mapping[str, int], seed: int) -> dict[int, dict[str, float]]:
    """By the hospital's number; of every level the same share is strongly inclined to a habit."""
    rng = random.Random(f"habits {seed}")
    strong: set[tuple[str, int]] = set()
    first = 1
    for size in sizes.values():
        for habit in HABITS:
            chosen = rng.sample(range(first, first + size), round(given[habit]["share"] * size))
            strong |= {(habit, number) for number in chosen}
        first += size
    return {
        number: {habit: given[habit]["strong" if (habit, number) in strong else "weak"] for habit in HABITS}
        for number in range(1, first)
    }


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
    rare, new, uneven = given["rare_groups"], given["new_groups"], given["uneven"]["groups"]
    seldom = rng.sample(order[:half], min(rare + new, half))
    kinds = dict.fromkeys(seldom[:rare], "rare") | dict.fromkeys(seldom[rare:], "new")
    often = [number for number in order[half:] if number not in kinds]
    mixed = set(rng.sample(often, min(uneven, len(often))))
    severities, seasons = given["severities"], given["seasons"]["adrgs"].values()
    planned = tuple(given["readmissions"]["planned"]["codes"])
    middle, spread = _level_costs(given)
    result = []
    for number, entry in enumerate(drawn):
        of, adrg = severities[entry.severity], entry.adrg.adrg
        sigma = 0.25 if number in mixed else entry.adrg.sigma + of["sigma"]
        fee = entry.adrg.fee * of["cost"] * (given["child_cost"] if entry.child else 1.0)
        first, count = recipes[entry.drg]
        alike = [drg for drg in of_adrg[adrg] if drg != entry.drg]
        strangers = tuple(drg for drg in of_mdc[entry.adrg.mdc] if drg not in of_adrg[adrg])
        ln_cost = math.log(fee) - sigma * sigma / 2
        ln_low, ln_high = _fences(ln_cost + middle, math.hypot(sigma, spread), given["habits"]["fence"])
        result.append(
            Group(
                number=number + 1,
                drg=entry.drg,
                severity=entry.severity,
                surgical=entry.adrg.surgical,
                weight=0.0 if number in kinds else weights[number],
                ln_cost=ln_cost,
                sigma=sigma,
                days=max(1.0, entry.adrg.days * of["days"]),
                uneven=number in mixed,
                kind=kinds.get(number, "usual"),
                first_recipe=first,
                recipes=count,
                single=entry.adrg.letter in given["single"],
                planned=adrg.startswith(planned),
                season=next(
                    (tuple(s["months"]) for s in seasons if adrg.startswith(tuple(s["codes"]))), (1.0,) * 12
                ),
                ln_low=ln_low,
                ln_high=ln_high,
                others=tuple(alike) or strangers,
                strangers=strangers,
            )
        )
    return result


def _level_costs(given: Mapping[str, Any]) -> tuple[float, float]:
    """Mean and standard deviation of the logarithms of what the levels cost, by their claims."""
    levels = given["levels"].values()
    total = sum(of["weight"] for of in levels)
    middle = sum(of["weight"] * math.log(of["cost"]) for of in levels) / total
    square = sum(of["weight"] * (math.log(of["cost"]) - middle) ** 2 for of in levels) / total
    return middle, math.sqrt(square)


def _fences(ln_cost: float, sigma: float, distance: float) -> tuple[float, float]:
    """The logarithms between which fees lie no further than some quartile distances from the quartiles."""
    quartile = NormalDist().inv_cdf(0.75)
    low, high = math.exp(-quartile * sigma), math.exp(quartile * sigma)
    lowest, highest = low - distance * (high - low), high + distance * (high - low)
    return (ln_cost + math.log(lowest) if lowest > 0 else -math.inf), ln_cost + math.log(highest)


def group_weights(given: Mapping[str, Any], level: str, month: int, made: Sequence[Group]) -> list[float]:
    """How often a level treats each group in a month (1 … 12): small hospitals see the cheap, plain and
    unoperated ones."""
    of = given["levels"][level]
    middle = math.log(10_000)
    return [
        group.weight
        * group.season[month - 1]
        * math.exp(of["taste"] * (group.ln_cost - middle))
        * (of["surgery"] if group.surgical else 1.0)
        * (of["severe"] if group.severity in ("mcc", "cc") else 1.0)
        for group in made
    ]


def draws(weighed: Iterable[tuple[Drawn, float]]) -> list[tuple[int, Drawn]]:
    """From which 32-bit draw on each is meant; what weighs nothing would share a place and is left out."""
    some = [(entry, weight) for entry, weight in weighed if weight > 0]
    total, below, lows = sum(weight for _, weight in some), 0.0, {}
    for entry, weight in some:
        lows[int(below / total * DRAWS)] = entry
        below += weight
    return list(lows.items())
