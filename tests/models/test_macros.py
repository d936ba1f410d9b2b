"""The shared exact arithmetic against Python's fractions, on random whole numbers.

What the macros are used for is the business of the models and of their worked examples.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from math import floor

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.harness import Bench

fast = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

Pairs = list[tuple[int, int]]
cents = st.integers(min_value=1, max_value=10**10)
fees = st.lists(cents, min_size=1, max_size=30).map(sorted)
percents = st.integers(min_value=0, max_value=1_000_000).map(lambda n: Decimal(n).scaleb(-4))
factors = st.integers(min_value=0, max_value=50_000).map(lambda n: Decimal(n).scaleb(-4))


def pairs(top: int) -> st.SearchStrategy[Pairs]:
    wide = st.integers(min_value=-top, max_value=top)
    # Ties: an odd multiple of half the denominator.
    ties = st.builds(
        lambda half, odd: (half * (2 * odd + 1), 2 * half),
        st.integers(min_value=-(10**8), max_value=10**8),
        st.integers(min_value=-(10**8), max_value=10**8),
    )
    return st.lists(
        st.one_of(st.tuples(wide, wide), st.tuples(wide, st.integers(-9, 9)), ties), min_size=1, max_size=40
    )


@pytest.fixture(scope="module")
def con(bench: Bench) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        con.execute("set threads = 1")
        con.execute(bench.project.macros)
        yield con


def half_up(value: Fraction) -> int:
    """Half away from zero."""
    whole = floor(abs(value) + Fraction(1, 2))
    return whole if value >= 0 else -whole


def quantile(ascending: Sequence[int], percent: Decimal) -> Fraction:
    """Type 7: linear between the ranks around (n - 1) p."""
    place = (len(ascending) - 1) * Fraction(percent) / 100
    low = floor(place)
    high = min(low + 1, len(ascending) - 1)
    return ascending[low] + (place - low) * (ascending[high] - ascending[low])


def over(con: duckdb.DuckDBPyConnection, expression: str, values: Pairs) -> list[object]:
    return [
        row[0]
        for row in con.execute(
            f"select {expression} from (select unnest(?::hugeint[]) as n, unnest(?::hugeint[]) as d)",
            [[str(n) for n, _ in values], [str(d) for _, d in values]],
        ).fetchall()
    ]


@fast
@given(values=pairs(10**36))
def test_half_up_rounds_away_from_zero_at_the_half(con: duckdb.DuckDBPyConnection, values: Pairs) -> None:
    expected = [half_up(Fraction(n, d)) if d else None for n, d in values]
    assert over(con, "half_up(n, d)", values) == expected


def test_half_up_is_the_same_on_both_sides_of_64_bits(con: duckdb.DuckDBPyConnection) -> None:
    edges = [sign * (3 * 10**18 + step) for sign in (-1, 1) for step in (-1, 0, 1)]
    values = [(n, d) for n in [*edges, 1, 2**63, 3 * 2**62] for d in [*edges, 1, -2, 2**63]]
    assert over(con, "half_up(n, d)", values) == [half_up(Fraction(n, d)) for n, d in values]


@pytest.mark.parametrize(("macro", "places"), [("cents", 2), ("tenthousandths", 4)])
def test_whole_units_span_the_range_of_their_type(
    con: duckdb.DuckDBPyConnection, macro: str, places: int
) -> None:
    top = 10**18 - 1
    values = [(n, 1) for n in (-top, 1 - top, -(10**places), 1 - 10**places, -1, 0, 1, top // 10, top)]
    taken = f"{macro}(cast(n as decimal(38, 0)) * cast({Decimal(1).scaleb(-places)} as decimal(4, {places})))"
    assert over(con, taken, values) == [n for n, _ in values]


@fast
@given(values=pairs(10**9))
@pytest.mark.parametrize("places", [2, 4, 6])
def test_quotients_are_rounded_once_from_the_exact_value(
    con: duckdb.DuckDBPyConnection, places: int, values: Pairs
) -> None:
    expected = [
        Decimal(half_up(Fraction(n, d) * 10**places)).scaleb(-places) if d else None for n, d in values
    ]
    found = over(con, f"quotient_{places}(n, d)", values)
    assert found == expected
    assert all(
        isinstance(value, Decimal) and value.as_tuple().exponent == -places
        for value in found
        if value is not None
    )


def test_a_quotient_reaches_the_edge_of_its_type(con: duckdb.DuckDBPyConnection) -> None:
    assert over(con, "quotient_2(n, d)", [(10**16 - 1, 1), (1 - 10**16, 1)]) == [
        Decimal(10**16 - 1),
        Decimal(1 - 10**16),
    ]


@fast
@given(amount=st.integers(-(10**15), 10**15), rate=st.integers(-(10**7), 10**7))
def test_amounts_and_points_are_multiplied_exactly(
    con: duckdb.DuckDBPyConnection, amount: int, rate: int
) -> None:
    money, points, factor = Decimal(amount).scaleb(-2), Decimal(amount).scaleb(-4), Decimal(rate).scaleb(-6)
    found = con.execute(
        "select yuan_times(?::decimal(18, 2), ?::decimal(18, 6)), "
        "points_value(?::decimal(18, 4), ?::decimal(18, 6))",
        [money, factor, points, factor],
    ).fetchone()
    assert found == tuple(
        Decimal(half_up(Fraction(value) * Fraction(factor) * 100)).scaleb(-2) for value in (money, points)
    )


def test_the_examples_of_rounding(con: duckdb.DuckDBPyConnection) -> None:
    found = con.execute(
        "select yuan_times(2.345, 1), yuan_times(-2.345, 1), "
        "quotient_2(2345, 1000), quotient_2(-2345, 1000), quotient_2(2345, -1000), quotient_4(1, 0), "
        "cents(-1.05), tenthousandths(-0.0001), yuan(-5), "
        "from_tenthousandths(15)"
    ).fetchone()
    # An amount has two decimals: 2.345 is one of 2.35 before it is multiplied.
    assert found == (
        Decimal("2.35"),
        Decimal("-2.35"),
        Decimal("2.35"),
        Decimal("-2.35"),
        Decimal("-2.35"),
        None,
        -105,
        -1,
        Decimal("-0.05"),
        Decimal("0.0015"),
    )


@fast
@given(ascending=fees, percent=percents)
def test_quantiles_are_exact(con: duckdb.DuckDBPyConnection, ascending: list[int], percent: Decimal) -> None:
    found = con.execute(
        "select quantile_scaled(?::bigint[], ?::decimal(8, 4))", [ascending, percent]
    ).fetchone()
    assert found == (quantile(ascending, percent) * 1_000_000,)


@fast
@given(ascending=fees)
def test_the_median_is_exact(con: duckdb.DuckDBPyConnection, ascending: list[int]) -> None:
    assert con.execute("select twice_median(?::bigint[])", [ascending]).fetchone() == (
        2 * quantile(ascending, Decimal(50)),
    )


@fast
@given(ascending=fees, low=factors, high=factors, percent=st.tuples(percents, percents), data=st.data())
@pytest.mark.parametrize("method", ["none", "iqr", "interval", "multiple"])
def test_trims_keep_what_lies_within_their_bounds(
    con: duckdb.DuckDBPyConnection,
    method: str,
    ascending: list[int],
    low: Decimal,
    high: Decimal,
    percent: tuple[Decimal, Decimal],
    data: st.DataObject,
) -> None:
    mean = Fraction(sum(ascending), len(ascending))
    first, third = quantile(ascending, Decimal(25)), quantile(ascending, Decimal(75))
    if method == "interval":
        low, high = percent
    bounds = {
        "none": (Fraction(ascending[0]), Fraction(ascending[-1])),
        "iqr": (first - Fraction(low) * (third - first), third + Fraction(high) * (third - first)),
        "interval": (quantile(ascending, low), quantile(ascending, high)),
        "multiple": (Fraction(low) * mean, Fraction(high) * mean),
    }[method]
    # Random fees, and the whole cents around both bounds.
    near = [floor(bound) + step for bound in bounds for step in (-1, 0, 1)]
    asked = [*ascending, *near, *data.draw(st.lists(cents, max_size=5))]
    found = con.execute(
        "select cast(unnest(?::bigint[]) as hugeint) * trim_denominator(m, a) "
        "between trim_lower(m, low, a) and trim_upper(m, high, a) "
        "from (select ? as m, ?::bigint[] as a, ?::decimal(8, 4) as low, ?::decimal(8, 4) as high)",
        [asked, method, ascending, low, high],
    ).fetchall()
    assert [kept for (kept,) in found] == [bounds[0] <= fee <= bounds[1] for fee in asked]


@fast
@given(
    values=st.lists(st.integers(min_value=1, max_value=3_000_000), min_size=1, max_size=12),
    limit=st.one_of(st.just(Decimal(1)), factors),
)
def test_the_spread_is_compared_without_a_root(
    con: duckdb.DuckDBPyConnection, values: list[int], limit: Decimal
) -> None:
    n, total, squares = len(values), sum(values), sum(value * value for value in values)
    expected = n > 1 and Fraction(n * (n * squares - total**2)) < Fraction(limit) ** 2 * (n - 1) * total**2
    found = con.execute(
        "select cv_below(?, ?::hugeint, ?::hugeint, ?::decimal(6, 4))", [n, str(total), str(squares), limit]
    ).fetchone()
    assert found == (expected,)


@pytest.mark.parametrize("step", [-1, 0, 1])
def test_the_spread_of_a_province_does_not_overflow(con: duckdb.DuckDBPyConnection, step: int) -> None:
    # Three million cases, half at 1 fen and half at 1,000,000.00 yuan: n (n q - t^2) has 35 digits.
    n, top = 3_000_000, 100_000_000
    total, squares = n // 2 * (1 + top), n // 2 * (1 + top * top)
    left, right = n * (n * squares - total**2), (n - 1) * total**2
    # The limit whose square is closest, and its neighbours.
    limit = Decimal(floor((Fraction(left, right) * 10**8) ** Fraction(1, 2)) + step).scaleb(-4)
    found = con.execute(
        "select cv_below(?, ?::hugeint, ?::hugeint, ?::decimal(6, 4))", [n, str(total), str(squares), limit]
    ).fetchone()
    assert found == (left < Fraction(limit) ** 2 * right,)
