"""Writes the reference files of the made-up region.

Hospitals and groups come from `region.py`, what the fund spent from the claims; no claim is made here.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from drg_pipeline.synthetic.region import Group, Hospital

_LEAST = "primary"  # the level of community hospitals
_HEADERS = {
    "hospital": "fixmedins_code name level kind agreement_status status_reason valid_from valid_to",
    "budget": "year pool amount reserve_ratio adjustment",
    "basic_group": "drg valid_from valid_to",
    "key_specialty": "fixmedins_code drg grade uplift valid_from valid_to",
    "institution_coefficient": "fixmedins_code coefficient valid_from valid_to",
    "assessment": "fixmedins_code year coefficient deposit_return_rate",
}


def write_reference(
    folder: Path,
    given: dict[str, Any],
    hospitals: Sequence[Hospital],
    groups: Sequence[Group],
    years: tuple[int, int],
    funds: dict[tuple[int, str], int],
    seed: int,
) -> None:
    """Hospitals, budgets, group lists and the last year's assessment of the made-up region."""
    first, last = years
    start = date(first - 1, 1, 1)  # stays that settle in the first January were discharged before it
    rng = random.Random(f"reference {seed}")
    standing: list[tuple[Any, ...]] = []
    for h in hospitals:
        kind = "community" if h.level == _LEAST else "general"
        spans: list[tuple[str, str, date, date | None]] = []
        if h.closed_from > start:
            spans.append(
                ("active", "", start, None if h.status == "active" else h.closed_from - timedelta(days=1))
            )
        if h.status != "active":
            until = None if h.status == "terminated" else h.closed_to
            spans.append((h.status, "violation", max(h.closed_from, start), until))
            if until:
                spans.append(("active", "", until + timedelta(days=1), None))
        standing += [(h.code, h.name, h.level, kind, *span) for span in spans]
    _csv(folder, "hospital", standing)
    _csv(folder, "budget", _budgets(given, funds, rng))
    usual = sorted(
        (g for g in groups if g.kind == "usual" and not g.uneven), key=lambda g: (g.ln_cost, g.drg)
    )
    basic, costly = usual[: given["basic_groups"]], usual[-given["specialties"]["among"] :]
    _csv(folder, "basic_group", sorted((g.drg, start, None) for g in basic))
    grades = zip(given["specialties"]["grades"], given["specialties"]["uplifts"], strict=True)
    large = [h for h in hospitals if h.level != _LEAST]
    special = []
    for h, (grade, uplift) in zip(large, grades, strict=False):
        special += [
            (h.code, g.drg, grade, f"{uplift:.4f}", start, None)
            for g in rng.sample(costly, min(2, len(costly)))
        ]
    _csv(folder, "key_specialty", sorted(special))
    _csv(
        folder,
        "institution_coefficient",
        [
            (h.code, f"{coefficient:.4f}", start, None)
            for h, coefficient in zip(hospitals, given["institution_coefficients"], strict=False)
            if coefficient != 1
        ],
    )
    lowest, highest = (round(given["assessment"][end] * 10_000) for end in ("lowest", "highest"))
    assessed = [h for h in hospitals if h.closed_from > start]
    _csv(
        folder,
        "assessment",
        [
            (
                h.code,
                last,
                Decimal(rng.randint(lowest, highest)) / 10_000,
                f"{rng.choice(given['assessment']['deposit_return_rates']):g}",
            )
            for h in assessed
        ],
    )


def _budgets(
    given: dict[str, Any], funds: dict[tuple[int, str], int], rng: random.Random
) -> list[tuple[Any, ...]]:
    """Budgets near what the fund spends, so that some hospitals keep money and some overspend."""
    ratio = Decimal(str(given["budget"]["reserve_ratio"]))
    lowest, highest = given["budget"]["lowest"], given["budget"]["highest"]
    rows: list[tuple[Any, ...]] = []
    for (year, pool), fund in funds.items():
        wanted = Decimal(fund) / 100 * rng.randint(lowest, highest) / 1000 / (1 - ratio)
        hundreds = max(Decimal(1), (wanted / 100).quantize(Decimal(1), ROUND_HALF_UP))
        rows.append((year, pool, f"{hundreds * 100}.00", ratio, None))
    return rows


def _csv(folder: Path, name: str, rows: Iterable[tuple[Any, ...]]) -> None:
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as sink:
        writer = csv.writer(sink, lineterminator="\n")
        writer.writerow(_HEADERS[name].split())
        writer.writerows(rows)
