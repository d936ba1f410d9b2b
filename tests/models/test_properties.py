"""What holds for any figures: nothing is lost between hospitals, carry-over is the plain recursion, largest
remainders stay within a cent.

The formulas are repeated here naively, in fractions and loops; worked examples stand in `golden`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.harness import Bench, Row, Run

fast = settings(max_examples=15, deadline=None)

MONTH = (
    "settlement.pool_month",
    "settlement.month_value",
    "settlement.monthly_settlement",
    "settlement.monthly_pool",
)
YEAR = (
    "clearing.pool_value",
    "clearing.hospital_year",
    "clearing.surplus",
    "clearing.ledger_line",
    "clearing.reserve",
    "clearing.overspend_share",
    "clearing.secondary_distribution",
    "clearing.reserve_line",
    "clearing.ledger",
    "clearing.annual_pool",
    "clearing.annual_settlement",
)
POOLS = ("employee_local", "resident_local")
LEVELS = ("tertiary", "secondary", "primary")
CAPS = {"tertiary": Fraction(104, 100), "secondary": Fraction(108, 100), "primary": Fraction(110, 100)}
TIERS = [(Fraction(0), Fraction(1, 10), Fraction(7, 10)), (Fraction(1, 10), Fraction(1, 5), Fraction(1, 2))]

Case = tuple[int, str, str, int, int, int]


def yuan(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-2)


def half_up(value: Fraction, places: int = 2) -> Fraction:
    whole = floor(abs(value) * 10**places + Fraction(1, 2))
    return Fraction(whole if value >= 0 else -whole, 10**places)


def largest_remainder(total: int, weights: Mapping[Any, int]) -> dict[Any, int]:
    """Whole cents by weight; those left over go to the largest remainders, of equal ones to the first key."""
    everything = sum(weights.values())
    shares = {key: total * weight // everything for key, weight in weights.items()}
    order = sorted(weights, key=lambda key: (-(total * weights[key] % everything), key))
    for key in order[: total - sum(shares.values())]:
        shares[key] += 1
    return shares


# month, hospital, pool, points (ten-thousandths), fee (cents), fund (cents)
cases: st.SearchStrategy[list[Case]] = st.lists(
    st.tuples(
        st.integers(1, 5),
        st.sampled_from(["H1", "H2", "H3", "H4"]),
        st.sampled_from(POOLS),
        st.one_of(st.just(0), st.integers(0, 50_000_000)),
        st.integers(0, 10**8),
        st.integers(0, 10**8),
    ),
    max_size=25,
)
budgets = st.lists(st.integers(0, 10**8), min_size=5, max_size=5)


@pytest.fixture(scope="module")
def months(bench: Bench) -> Iterator[Run]:
    run = bench.open({}, MONTH)
    yield run
    run.con.close()


@pytest.fixture(scope="module")
def years(bench: Bench) -> Iterator[Run]:
    hospitals = [
        {
            "fixmedins_code": f"H{n}",
            "level": LEVELS[n % 3],
            "agreement_status": "active",
            "valid_from": "2020-01-01",
        }
        for n in range(1, 5)
    ]
    run = bench.open({"reference.hospital": hospitals}, YEAR)
    yield run
    run.con.close()


@fast
@given(found=cases, allocations=st.tuples(budgets, budgets))
def test_a_month_is_divided_to_the_cent_and_carries_by_the_plain_recursion(
    months: Run, found: list[Case], allocations: tuple[list[int], list[int]]
) -> None:
    months.fill(
        "pricing.case_point",
        [
            {
                "month": f"2025-{month:02d}",
                "setl_id": f"c{n}",
                "fixmedins_code": hospital,
                "pool": pool,
                "points": Decimal(points).scaleb(-4),
                "fee": yuan(fee),
                "fund": yuan(fund),
            }
            for n, (month, hospital, pool, points, fee, fund) in enumerate(found)
        ],
    )
    months.fill(
        "settlement.month_budget",
        [
            {"year": 2025, "pool": pool, "settlement_month": f"2025-{month:02d}", "allocation": yuan(cents)}
            for pool, listed in zip(POOLS, allocations)
            for month, cents in enumerate(listed, 1)
        ],
    )
    months.compute()
    pools = {(row["month"], row["pool"]): row for row in months.rows("settlement.monthly_pool")}
    hospitals = {
        (row["month"], row["pool"], row["fixmedins_code"]): row
        for row in months.rows("settlement.monthly_settlement")
    }
    assert len(pools) == len(POOLS) * 5
    for pool, listed in zip(POOLS, allocations):
        carry = Fraction(0)
        for number, cents in enumerate(listed, 1):
            month = f"2025-{number:02d}"
            row = {
                name: Fraction(value) if isinstance(value, Decimal) else value
                for name, value in pools[month, pool].items()
            }
            mine = [case for case in found if (case[0], case[2]) == (number, pool)]
            points = Fraction(sum(case[3] for case in mine), 10_000)
            fee, fund = (
                Fraction(sum(case[4] for case in mine), 100),
                Fraction(sum(case[5] for case in mine), 100),
            )
            assert row["carry_in"] == carry
            available = Fraction(cents, 100) + carry
            used = min(available, fund)
            carry = available - used
            assert (row["available"], row["budget_used"], row["carry_out"]) == (available, used, carry)
            value = half_up((fee - fund + used) / points, 6) if points else None
            assert row["point_value"] == value
            settled = Fraction(0)
            for hospital in {case[1] for case in mine}:
                own = [case for case in mine if case[1] == hospital]
                earned = half_up(Fraction(sum(case[3] for case in own), 10_000) * (value or 0))
                settlement = (
                    earned - Fraction(sum(case[4] - case[5] for case in own), 100) if points else Fraction(0)
                )
                deposit = half_up(settlement / 20) if settlement > 0 else Fraction(0)
                line = hospitals.pop((month, pool, hospital))
                assert (line["settlement"], line["deposit"], line["payable"]) == (
                    settlement,
                    deposit,
                    settlement - deposit,
                )
                settled += settlement
            assert row["settled"] == settled and row["settled"] + row["residual"] == row["budget_used"]
            if points:
                # Each hospital is off by half a cent at most, and by its points times half a millionth.
                assert abs(row["residual"]) <= Fraction(len(mine), 200) + points / 2_000_000
    assert not hospitals


@fast
@given(
    found=cases,
    amounts=st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)),
    ratios=st.tuples(st.integers(0, 200_000), st.integers(0, 200_000)),
    adjustment=st.integers(-(10**6), 10**6),
    factors=st.lists(
        st.tuples(st.integers(5_000, 15_000), st.integers(0, 10_000), st.integers(0, 10_000)),
        min_size=4,
        max_size=4,
    ),
)
def test_a_year_is_divided_to_the_cent_between_budget_reserve_and_hospitals(
    years: Run,
    found: list[Case],
    amounts: tuple[int, int],
    ratios: tuple[int, int],
    adjustment: int,
    factors: list[tuple[int, int, int]],
) -> None:
    years.fill(
        "clearing.annual_case",
        [
            {
                "year": 2025,
                "setl_id": f"c{n}",
                "fixmedins_code": hospital,
                "pool": pool,
                "points": Decimal(points).scaleb(-4),
                "fee": yuan(fee),
                "fund": yuan(fund),
                "settlement_month": f"2025-{month:02d}",
            }
            for n, (month, hospital, pool, points, fee, fund) in enumerate(found)
        ],
    )
    years.fill(
        "reference.budget",
        [
            {
                "year": 2025,
                "pool": pool,
                "amount": yuan(amount),
                "reserve_ratio": Decimal(ratio).scaleb(-6),
                "adjustment": yuan(adjustment),
            }
            for pool, amount, ratio in zip(POOLS, amounts, ratios)
        ],
    )
    years.fill(
        "reference.assessment",
        [
            {
                "fixmedins_code": f"H{n}",
                "year": 2025,
                "coefficient": Decimal(k).scaleb(-4),
                "retention_factor": Decimal(retention).scaleb(-4),
                "share_factor": Decimal(share).scaleb(-4),
            }
            for n, (k, retention, share) in enumerate(factors, 1)
        ],
    )
    years.compute()
    ledger: dict[tuple[Any, Any], dict[Any, Fraction]] = defaultdict(dict)
    for row in years.rows("clearing.ledger"):
        ledger[row["pool"], row["fixmedins_code"]][row["line"]] = Fraction(str(row["amount"]))
    totals = {row["pool"]: row for row in years.rows("clearing.annual_pool")}
    for pool, amount, ratio in zip(POOLS, amounts, ratios):
        naive = _cleared(
            pool,
            [case for case in found if case[2] == pool],
            Fraction(amount, 100),
            Fraction(ratio, 10**6),
            adjustment,
            factors,
        )
        mine = {hospital: lines for (of, hospital), lines in ledger.items() if of == pool}
        assert mine == naive
        row = totals[pool]
        entitled = sum(lines["entitlement"] for lines in mine.values())
        reserved = sum(
            lines.get("overspend_share", 0) + lines.get("secondary_distribution", 0)
            for lines in mine.values()
        )
        budgeted = sum(sum(lines.values()) for lines in mine.values()) - reserved
        assert row["settled"] == entitled and row["settled"] + row["residual"] == row["budget"]
        assert row["paid_from_reserve"] == reserved <= row["reserve"]
        assert row["paid_from_budget"] == budgeted
        assert yuan(amount) + yuan(adjustment) == sum(
            row[name] for name in ("paid_from_budget", "paid_from_reserve", "reserve_left", "unspent")
        )
        if any(case[3] for case in found if case[2] == pool):
            assert row["reserve_left"] == 0
    for row in years.rows("clearing.annual_settlement"):
        assert Fraction(str(row["due"])) == sum(ledger[row["pool"], row["fixmedins_code"]].values())


def _cleared(
    pool: str,
    found: Sequence[Case],
    amount: Fraction,
    ratio: Fraction,
    adjustment: int,
    factors: Sequence[tuple[int, int, int]],
) -> dict[str, dict[str, Fraction]]:
    """The ledger of one pool, the naive way: hospital -> line -> amount, zero lines left out."""
    distributable = half_up(amount * (1 - ratio))
    reserve = amount - distributable
    budget = distributable + Fraction(adjustment, 100)
    points = {
        hospital: sum(case[3] for case in found if case[1] == hospital)
        for hospital in {case[1] for case in found}
    }
    fee = Fraction(sum(case[4] for case in found), 100)
    fund = Fraction(sum(case[5] for case in found), 100)
    everything = Fraction(sum(points.values()), 10_000)
    value = half_up((fee - fund + budget) / everything, 6) if everything else None
    lines: dict[str, dict[str, Fraction]] = {}
    owed: dict[str, int] = {}
    for hospital, own in points.items():
        rest = Fraction(sum(case[4] - case[5] for case in found if case[1] == hospital), 100)
        used = Fraction(sum(case[5] for case in found if case[1] == hospital), 100)
        k, retention, share = (Fraction(factor, 10_000) for factor in factors[int(hospital[1:]) - 1])
        entitlement = half_up(Fraction(own, 10_000) * value) - rest if value is not None else Fraction(0)
        cap = CAPS[LEVELS[int(hospital[1:]) % 3]]
        over = entitlement - half_up(cap * used) if used > 0 and entitlement > cap * used else Fraction(0)
        kept = max(entitlement - used, Fraction(0)) - over
        lines[hospital] = {
            "entitlement": entitlement,
            "assessment_adjustment": half_up(entitlement * (k - 1)) if entitlement > 0 else Fraction(0),
            "over_cap": -over,
            "retention_withheld": -(kept - half_up(kept * retention)),
        }
        if used > entitlement and used > 0:
            deficit = used - entitlement
            borne = sum(
                rate * max(min(deficit, upper * used) - lower * used, Fraction(0))
                for lower, upper, rate in TIERS
            )
            owed[hospital] = int(half_up(borne * share) * 100)
    limit = int(min(half_up(amount / 20), reserve) * 100)
    shared = largest_remainder(limit, owed) if sum(owed.values()) > limit else owed
    for hospital, cents in shared.items():
        lines[hospital]["overspend_share"] = Fraction(cents, 100)
    weights = {hospital: own for hospital, own in points.items() if own}
    if weights:
        rest_of_reserve = int(reserve * 100) - sum(shared.values())
        for hospital, cents in largest_remainder(rest_of_reserve, weights).items():
            lines[hospital]["secondary_distribution"] = Fraction(cents, 100)
    return {
        hospital: {line: figure for line, figure in own_lines.items() if figure or line == "entitlement"}
        for hospital, own_lines in lines.items()
    }


@fast
@given(fees=st.lists(st.integers(0, 10**9), min_size=12, max_size=12), total=st.integers(0, 10**12))
def test_the_year_is_spread_over_its_months_within_a_cent(bench: Bench, fees: list[int], total: int) -> None:
    history: list[Row] = [
        {
            "year": 2025,
            "setl_id": f"c{n}",
            "settlement_month": f"2024-{n:02d}",
            "pool": "employee_local",
            "fee": yuan(fee),
        }
        for n, fee in enumerate(fees, 1)
        if fee
    ]
    budget: Row = {"year": 2025, "pool": "employee_local", "amount": yuan(total), "reserve_ratio": 0}
    run = bench.run(
        {"calibration.history_case": history, "reference.budget": [budget]}, ["settlement.month_budget"]
    )
    rows = run.rows("settlement.month_budget")
    weights = {f"2025-{n:02d}": fee if any(fees) else 1 for n, fee in enumerate(fees, 1)}
    expected = largest_remainder(total, weights)
    assert {row["settlement_month"]: row["allocation"] for row in rows} == {
        month: yuan(cents) for month, cents in expected.items()
    }
    for month, cents in expected.items():
        assert abs(cents - Fraction(total * weights[month], sum(weights.values()))) < 1
