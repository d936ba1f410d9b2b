"""Fills the tables and variables that the queries of `sql/` make claims from, before the first claim.

Hundreds or thousands of rows pass here, never one of a claim. What the values mean stands in `region.yml`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from drg_pipeline.calendar import Day
from drg_pipeline.synthetic import region
from drg_pipeline.synthetic.parameters import HABITS
from drg_pipeline.synthetic.region import Group, Hospital
from drg_pipeline.synthetic.seasons import DAY_DRAWS
from drg_pipeline.synthetic.small_table import fill

SQL = Path(__file__).with_name("sql")
LARGEST_BIRTH_SPAN = 16  # days; pending.sql leaves room for them at the ends of an age
# What the queries read as it stands in region.yml.
_READ = (
    *("area", "other_areas", "besides", "present_on_admission", "uneven", "yearly_growth", "readmissions"),
    *("stay", "fees", "charges", "payment", "working_age", "habits", "rates", "slipped", "deadline_days"),
    *("spellings", "late_days", "corrections"),
)


def text_of(name: str) -> str:
    return (SQL / f"{name}.sql").read_text(encoding="utf-8")


def prepare(
    con: duckdb.DuckDBPyConnection,
    given: Mapping[str, Any],
    hospitals: Sequence[Hospital],
    groups: Sequence[Group],
    span: tuple[date, date, date],
    days: Sequence[Day],
    claims: int,
) -> None:
    """`span`: the first and the last day of the claims, and the last on which one is uploaded."""
    first_day, last_day, horizon = span
    numbers = {kind: [group.number for group in groups if group.kind == kind] for kind in ("rare", "new")}
    ways = [way for way, share in given["ways"].items() for _ in range(round(200 * share))]
    variables: dict[str, Any] = {
        **{name: given[name] for name in _READ},
        "calendar_first": days[0].date,
        "workdays": [day.date for day in days if day.is_workday],
        "workday_number": [day.working_day_no for day in days],
        "first_day": first_day,
        "last_day": last_day,
        "last_year": last_day.year,
        "horizon": horizon,
        **_persons(max(1, int(claims * given["persons"]))),
        "rare_groups": numbers["rare"],
        "new_groups": numbers["new"],
        "rare_rate": given["rare_cases"] * len(numbers["rare"]) / claims,
        "new_group_rate": given["rates"]["new_group"] * bool(numbers["new"]),
        "upload_days": [n for n, share in enumerate(given["upload_days"]) for _ in range(share)],
        "ways": ways,
        "day_draws": DAY_DRAWS,
        "closed_hospital": {"code": hospitals[-1].code, "name": hospitals[-1].name},
        "expected_fee": _expected_fee(groups),
    }
    con.execute("SET TimeZone = 'UTC'")
    # A month's claims are few beside what they are compared with, which a loop over both would not notice.
    con.execute("SET asof_loop_join_threshold = 0")
    for name, value in variables.items():
        con.execute(f"SET VARIABLE {name} = ?", [value])
    con.execute(text_of("macros"))
    _tables(con, given, hospitals, groups)
    _picks(con, given, hospitals, groups)
    con.execute(text_of("kin"))


def _persons(wanted: int) -> dict[str, int]:
    """How many persons share sex and days of birth, for as many persons over the births of 80 years."""
    births = 2 * 80 * 365
    return {
        "birth_days": max(1, min(LARGEST_BIRTH_SPAN, births // wanted)),
        "persons_alike": max(1, round(wanted / births)),
    }


def _expected_fee(groups: Sequence[Group]) -> float:
    weights = [group.weight for group in groups]
    fees = [math.exp(group.ln_cost + group.sigma**2 / 2) for group in groups]
    return sum(w * fee for w, fee in zip(weights, fees, strict=True)) / sum(weights)


def _tables(
    con: duckdb.DuckDBPyConnection,
    given: Mapping[str, Any],
    hospitals: Sequence[Hospital],
    groups: Sequence[Group],
) -> None:
    firsts = _first_picks(given)
    bending = ", ".join(f"{habit}_rate DOUBLE" for habit in HABITS)
    fill(
        con,
        "hospital",
        "number INTEGER, fixmedins_code VARCHAR, name VARCHAR, level VARCHAR, first_pick BIGINT, "
        f"ln_cost DOUBLE, fund INTEGER, closed_from DATE, closed_to DATE, {bending}",
        [
            (
                *(h.number, h.code, h.name, h.level, firsts[h.level]),
                *(h.ln_cost, h.fund, h.closed_from, h.closed_to),
                *(h.habits[habit] for habit in HABITS),
            )
            for h in hospitals
        ],
    )
    fill(
        con,
        "demo_group",
        "number INTEGER, drg VARCHAR, surgical BOOLEAN, ln_cost DOUBLE, sigma DOUBLE, days DOUBLE, "
        "uneven BOOLEAN, single BOOLEAN, planned BOOLEAN, usual BOOLEAN, ln_low DOUBLE, ln_high DOUBLE, "
        "first_recipe INTEGER, recipes INTEGER, others VARCHAR[], strangers VARCHAR[]",
        [
            (
                *(g.number, g.drg, g.surgical, g.ln_cost, g.sigma, g.days, g.uneven, g.single, g.planned),
                *(g.kind == "usual", g.ln_low, g.ln_high, g.first_recipe, g.recipes),
                *(list(g.others), list(g.strangers)),
            )
            for g in groups
        ],
    )
    costs = [(level, of["cost"]) for level, of in given["levels"].items()]
    fill(con, "level_cost", "level VARCHAR, cost DOUBLE", costs)
    fill(con, "this_month", "first DATE, first_claim BIGINT, last_claim BIGINT", [])
    fill(con, "month_day", "n INTEGER, day INTEGER", [])
    fill(con, "known_mean", "number INTEGER, level VARCHAR, level_mean DOUBLE, multiple DOUBLE", [])
    sums = "year BIGINT, number INTEGER, level VARCHAR, n BIGINT, cents BIGINT"
    fill(con, "fee_history", sums, [])


def _first_picks(given: Mapping[str, Any]) -> dict[str, int]:
    """The levels' draws one after the other, so that one sorted column serves them all."""
    return {level: position * region.DRAWS for position, level in enumerate(given["levels"])}


def _picks(
    con: duckdb.DuckDBPyConnection,
    given: Mapping[str, Any],
    hospitals: Sequence[Hospital],
    groups: Sequence[Group],
) -> None:
    """From which draw on each hospital, group and fault is meant."""
    fill(
        con,
        "hospital_pick",
        "low BIGINT, number INTEGER",
        region.draws((h.number, h.weight) for h in hospitals),
    )
    usual = [group.number for group in groups]
    picks = [
        (month, first + low, number)
        for level, first in _first_picks(given).items()
        for month in range(1, 13)
        for low, number in region.draws(
            zip(usual, region.group_weights(given, level, month, groups), strict=True)
        )
    ]
    fill(con, "group_pick", "month INTEGER, low BIGINT, number INTEGER", picks)
    flaws = {**given["flaws"], "none": 1 - sum(given["flaws"].values())}
    fill(con, "flaw_pick", "low BIGINT, flaw VARCHAR", region.draws(flaws.items()))
