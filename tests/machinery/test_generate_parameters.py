"""What each parameter of a made-up region does: the same claims with one thing changed, and what is refused.

Regions of one seed differ only by what a parameter touches, so most of it is exact. What claims look like as they
are shipped is in test_generate.py.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from support.generated import CLAIMS, like, make, read_back, rows, shared_region

from drg_pipeline.calendar import working_days
from drg_pipeline.errors import DrgError
from drg_pipeline.periods import Period, parse_periods
from drg_pipeline.synthetic import seasons
from drg_pipeline.synthetic.parameters import FLAWS, parameters

FEW: dict[str, Any] = {
    "claims": 400,
    "first_month": Period.of("2025-01"),
    "last_month": Period.of("2025-02"),
    "hospitals": 8,
}
# Nothing happens by chance but what a claim is.
QUIET: dict[str, Any] = {
    "flaws": "0",
    **{
        f"rates.{name}": "0"
        for name in (
            *("late", "very_late", "corrected", "delivered_again", "twice_in_delivery", "refunded"),
            *("ungrouped", "platform_other", "platform_other_adrg", "newborn_incomplete"),
        )
    },
    "readmissions.share": "0",
    "readmissions.planned.share": "0",
    "fees.dear.share": "0",
    "fees.cheap.share": "0",
    "stay.long": "0",
    "stay.settled_late": "0",
    **{f"habits.{name}.strong": "0" for name in ("lift", "push", "hold", "keep", "split")},
    **{f"habits.{name}.weak": "0" for name in ("lift", "push", "hold", "keep", "split")},
}
CLAIM = """
    SELECT s.*, s.medfee_sumamt::DECIMAL(18,2) AS fee, split_part(s.folder, '/', 2) AS delivery,
        left(s.adm_time, 10)::DATE AS admitted, left(s.dscg_time, 10)::DATE AS discharged,
        s.setl_end_date::DATE AS settled, left(s.dcla_time, 10)::DATE AS uploaded, g.drg_code,
        s.setl_id[8:17]::BIGINT AS number
    FROM setlinfo AS s
    LEFT JOIN drginfo AS g ON g.setl_id = s.setl_id AND g.dcla_time = s.dcla_time AND g.folder = s.folder
    ORDER BY s.setl_id, s.dcla_time, s.folder
"""
Made = tuple[dict[str, Any], list[dict[str, Any]]]
Varied = Callable[..., Made]


@pytest.fixture(scope="module")
def varied(tmp_path_factory: pytest.TempPathFactory) -> Varied:
    """The quiet region with some parameters changed: what was told of it, and its claims."""

    def make_one(**changes: Any) -> Made:
        at = tmp_path_factory.mktemp("varied")
        told = make(at, like=like(at / "parameters", {**QUIET, **changes}), **FEW)
        with read_back(at / "inbox", at / "plain") as con:
            return told, rows(con, CLAIM)

    return make_one


@pytest.fixture(scope="module")
def quiet(varied: Varied) -> Made:
    return varied()


def test_nothing_happens_where_every_chance_is_nought(quiet: Made) -> None:
    told, claims = quiet
    assert told["flaws"] == told["habits"] == {} and told["refunds"] == 0
    assert len(claims) == told["versions"] == FEW["claims"]
    assert {claim["delivery"] for claim in claims} == {"main"}
    assert all(claim["drg_code"] and claim["settled"] == claim["discharged"] for claim in claims)
    assert len({claim["psn_no"] for claim in claims}) > 0.9 * len(claims)


def test_arrivals_insurance_and_dear_cases(varied: Varied, quiet: Made) -> None:
    told, claims = varied(
        **{
            "rates.corrected": "1",
            "rates.correction_in_time": "1",
            "rates.delivered_again": "1",
            "rates.twice_in_delivery": "1",
            "rates.nonlocal": "1",
            "rates.employee": "1",
            "corrections.fee": "0",
            "fees.dear": {"share": "1", "factor": "2", "tail": "0", "most": "12"},
        }
    )
    count = {
        name: sum(claim["delivery"] == name for claim in claims)
        for name in ("main", "repeated", "correction")
    }
    assert count == {"main": 800, "repeated": 800, "correction": 400} and told["versions"] == 1200
    before = {claim["setl_id"]: claim["fee"] for claim in quiet[1]}
    cents = [abs(claim["fee"] - 2 * before[claim["setl_id"]]) for claim in claims]
    assert max(cents) <= Decimal("0.01")  # half a cent doubled
    assert not any(claim["insuplc"] == "419001" for claim in claims)
    assert {claim["insutype"] for claim in claims if int(claim["age"]) > 22} == {"310"}
    assert {claim["insutype"] for claim in claims if int(claim["age"]) < 21} == {"390"}


def test_late_claims_corrections_that_move_and_refunds(varied: Varied) -> None:
    _, claims = varied(
        **{
            "rates.late": "1",
            "stay.settled_late": "1",
            "stay.settled_late_days": "2-2",
            "rates.refunded": "1",
        }
    )
    first = [claim for claim in claims if not claim["setl_id"].endswith("T")]
    assert {claim["delivery"] for claim in first} == {"late"} and len(first) == FEW["claims"]
    assert all(claim["settled"] - claim["discharged"] == timedelta(days=2) for claim in first)
    fees = {claim["setl_id"]: claim["fee"] for claim in first}
    refunds = [claim for claim in claims if claim["setl_id"].endswith("T")]
    # A refund that would settle after the last month is none.
    assert 300 < len(refunds) <= 400
    assert all(claim["fee"] == -fees[claim["setl_id"][:-1]] for claim in refunds)


def test_a_correction_moves_the_claim_over_the_end_of_a_month(varied: Varied) -> None:
    _, claims = varied(**{"rates.corrected": "1", "rates.correction_moves": "1"})
    settled = {claim["setl_id"]: claim["settled"] for claim in claims if claim["delivery"] == "main"}
    moved = [
        c["settled"].month != settled[c["setl_id"]].month for c in claims if c["delivery"] == "correction"
    ]
    # Infants are not moved, nor claims of January that are corrected before February has begun.
    assert len(moved) == FEW["claims"] and sum(moved) > 0.5 * len(moved)
    assert all(date(2025, 1, 1) <= claim["settled"] <= date(2025, 2, 28) for claim in claims)


def test_patients_come_back_within_days_for_the_same_or_a_related_disease(varied: Varied) -> None:
    _, claims = varied(
        **{"readmissions.share": "0.5", "readmissions.related": "1", "readmissions.elsewhere": "0"}
    )
    by_number = {claim["number"]: claim for claim in claims}
    pairs = [(by_number[n], by_number[n + 1]) for n in range(2, FEW["claims"], 2)]
    back = [
        (first, second)
        for first, second in pairs
        if first["psn_no"] == second["psn_no"] and second["admitted"] > first["discharged"]
    ]
    # The births and new-borns do not, and not those who would stay beyond the last day.
    assert len(back) > 0.55 * len(pairs)
    assert all((second["admitted"] - first["discharged"]).days <= 30 for first, second in back)
    assert all(first["fixmedins_code"] == second["fixmedins_code"] for first, second in back)
    assert all(first["drg_code"][0] == second["drg_code"][0] for first, second in back)
    other = sum(first["drg_code"] != second["drg_code"] for first, second in back)
    assert other > 0.8 * len(back)


def test_whoever_comes_back_soon_after_a_late_settlement_settles_in_a_month_still_open(
    varied: Varied,
) -> None:
    """Of a pair the first settles weeks after its discharge; the second may be out again before that."""
    late = {"stay.settled_late": "0.5", "stay.settled_late_days": "20-25"}
    _, claims = varied(**late, **{"readmissions.share": "0.5", "readmissions.haste": "3"})
    assert {claim["number"] for claim in claims} == set(range(1, FEW["claims"] + 1))
    assert all(claim["folder"][:7] == f"{claim['settled']:%Y-%m}" for claim in claims)
    by_number = {claim["number"]: claim for claim in claims}
    pairs = [(by_number[n], by_number[n + 1]) for n in range(2, FEW["claims"], 2)]
    assert any(a["psn_no"] == b["psn_no"] and b["settled"] < a["settled"] for a, b in pairs)


def test_habits_change_only_what_lies_near_a_threshold(varied: Varied, quiet: Made) -> None:
    """Every fee within reach and every stay just below a limit is bent, and no other."""
    habit = {"share": "1", "strong": "1", "weak": "1"}
    fee = {**habit, "reach": "1", "by": "0.02"}
    told, claims = varied(
        **{
            "habits.inclined": "1",
            "habits.lift": fee,
            "habits.hold": {**fee, "reach": "0.5"},
            "habits.keep": habit,
            "habits.high": [{"base_point_above": "0", "multiple": "1.2"}],
            "habits.stay_limits": [{"days": "3", "from": "2"}],
        }
    )
    before = {claim["setl_id"]: claim for claim in quiet[1]}
    ratios = [claim["fee"] / before[claim["setl_id"]]["fee"] for claim in claims]
    bent = told["habits"]
    assert sum(ratio > 1 for ratio in ratios) == bent["lift"] > 5
    assert sum(ratio < 1 for ratio in ratios) == bent["hold"] > 0
    days = [(int(before[claim["setl_id"]]["act_ipt_days"]), int(claim["act_ipt_days"])) for claim in claims]
    assert sum(old != new for old, new in days) == bent["keep"] > 5
    assert {pair for pair in days if pair[0] != pair[1]} == {(2, 3)}


def test_a_split_stay_is_two_halves_with_the_same_bill(varied: Varied, quiet: Made) -> None:
    split = {"share": "1", "strong": "1", "weak": "1", "least_days": "6", "days": "0-3", "bills": "0.5"}
    told, claims = varied(**{"habits.inclined": "1", "habits.split": split})
    before = {claim["number"]: claim for claim in quiet[1]}
    by_number = {claim["number"]: claim for claim in claims}
    halves = [n for n, claim in by_number.items() if n % 2 == 0 and claim["fee"] < before[n]["fee"]]
    whole = 0
    for n in halves:
        first, second = by_number[n], by_number.get(n + 1)
        assert abs(first["fee"] * 2 - before[n]["fee"]) <= Decimal("0.01") or first["fee"] == 300
        assert second is not None and first["psn_no"] == second["psn_no"]
        # The second half of a stay at the end may not fit into the span, and then there is none.
        if timedelta(0) <= second["admitted"] - first["discharged"] <= timedelta(days=3):
            whole += 1
            assert second["drg_code"] == first["drg_code"] and second["fee"] == first["fee"]
            assert int(first["act_ipt_days"]) + int(second["act_ipt_days"]) == int(before[n]["act_ipt_days"])
    # Of which one or two may lie so by chance.
    assert len(halves) + whole - 2 <= told["habits"]["split"] <= len(halves) + whole and whole > 40


def test_no_claim_settles_on_days_that_weigh_nothing(varied: Varied) -> None:
    _, claims = varied(
        **{
            "seasons.weekdays": ["1", "1", "1", "1", "1", "0", "0"],
            "seasons.shifted_workday": "0",
            "seasons.day_off": "0",
            "seasons.spring_festival": {
                "days_before": "0", "before": "1", "during": "0", "days_after": "0", "after": "1",
            },
            "seasons.adrgs.respiratory.months": ["0"] * 12,
        }
    )  # fmt: skip
    off = {day.date for day in working_days([], date(2025, 1, 1), date(2025, 2, 28)) if not day.is_workday}
    assert len(claims) == FEW["claims"]
    assert not [claim for claim in claims if claim["settled"] in off or claim["settled"].weekday() > 4]
    assert not [claim for claim in claims if claim["drg_code"][:2] in ("ES", "ET", "EX", "EV", "EW", "DT")]


def test_months_share_the_claims_as_their_days_weigh() -> None:
    given = parameters()
    given["seasons"] = {
        "months": [1.0, 3.0, *[1.0] * 10],
        "weekdays": [1.0] * 7,
        "shifted_workday": 1.0,
        "day_off": 1.0,
        "spring_festival": {"days_before": 0, "before": 1.0, "during": 1.0, "days_after": 0, "after": 1.0},
    }
    days = working_days([], date(2025, 1, 1), date(2025, 3, 31))
    made = seasons.months(parse_periods("2025-01..2025-03"), 1460, given, days)
    # 31 + 3 x 28 + 31 = 146 days' weight for 1460 claims.
    assert [month.last_claim - month.first_claim + 1 for month in made] == [310, 840, 310]
    assert all(
        len(month.drawn) == seasons.DAY_DRAWS and {*month.drawn} == {*range(month.period.last.day)}
        for month in made
    )


def test_the_spring_festival_is_the_days_around_its_holiday() -> None:
    given = parameters()
    days = working_days([], date(2025, 1, 1), date(2025, 2, 28))
    flat = {**given["seasons"], "months": [1.0] * 12, "weekdays": [0.5] * 7}
    weights = seasons.day_weights({"seasons": flat}, days)
    festival = given["seasons"]["spring_festival"]
    # The holiday of 2025 is 28 January to 4 February.
    assert weights[date(2025, 1, 21)] == 500_000
    assert weights[date(2025, 1, 22)] == weights[date(2025, 1, 27)] == round(festival["before"] * 1_000_000)
    assert weights[date(2025, 1, 28)] == weights[date(2025, 2, 4)] == round(festival["during"] * 1_000_000)
    assert weights[date(2025, 2, 5)] == weights[date(2025, 2, 13)] == round(festival["after"] * 1_000_000)
    assert weights[date(2025, 2, 14)] == 500_000


def test_rates_are_those_of_the_file(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Within five standard deviations; a fault that a claim cannot have makes for fewer."""
    folder, told = shared_region(tmp_path_factory)
    given = parameters()
    limited = {"duplicate_procedure", "procedure_outside_stay", "fee_per_day"}
    limited |= {"dscg_after_settlement", "settlement_after_upload"}

    def near(count: int, rate: float, of: int = CLAIMS, *, least: bool = True) -> bool:
        mean = rate * of
        reach = 5 * (mean * (1 - rate)) ** 0.5 + 1
        return count <= mean + reach and (not least or count >= mean - reach)

    for name in FLAWS:
        assert near(told["flaws"].get(name, 0), given["flaws"][name], least=name not in limited), name
    with read_back(folder / "inbox", tmp_path_factory.mktemp("rates")) as con:
        claims = rows(duckdb_without_faults(con), "FROM claim")
    first = [c for c in claims if c["delivery"] in ("main", "late") and not c["setl_id"].endswith("T")]
    rates = given["rates"]
    assert near(sum(c["delivery"] == "late" for c in first), rates["late"] + rates["very_late"], len(first))
    assert near(sum(c["insuplc"] != "419001" for c in first), rates["nonlocal"], len(first))
    assert near(sum(c["drg_code"] in (None, "0000") for c in first), rates["ungrouped"] + 0.004, len(first))
    assert near(told["refunds"], rates["refunded"])


def duckdb_without_faults(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """The claims that can be typed, as `claim`."""
    con.execute(
        "CREATE TABLE claim AS SELECT s.setl_id, s.insuplc, split_part(s.folder, '/', 2) AS delivery, g.drg_code "
        "FROM setlinfo AS s LEFT JOIN drginfo AS g "
        "ON g.setl_id = s.setl_id AND g.dcla_time = s.dcla_time AND g.folder = s.folder WHERE s.insuplc IS NOT NULL"
    )
    return con


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rates.lated": "0.1"}, "rates.lated: unknown key: did you mean late?"),
        ({"rates": {"late": "0.1"}}, "rates.very_late: missing key"),
        ({"flaws.orphan": "1.5"}, "flaws.orphan: 1.5 is not between 0 and 1"),
        ({"seasons.months": ["1"] * 11}, "seasons.months: has 11 values, not 12"),
        ({"stay.long_days": "75-20"}, "stay.long_days: '75-20' is not a span"),
        ({"habits.doctors": "four"}, "habits.doctors: 'four' is not a whole number"),
        ({"upload_days": ["50", "49"]}, "upload_days: adds up to 99 hundredths"),
        ({"closures.terminated.from": "07-32"}, "closures.terminated.from: '07-32' is not a day"),
        ({"levels.primary.cots": "1"}, "levels.primary.cots: unknown key: did you mean cost?"),
    ],
)
def test_a_wrong_parameter_is_named(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    path = like(tmp_path, changes)
    with pytest.raises(DrgError, match=r"region\.yml does not describe a region") as refused:
        parameters(path)
    assert message in refused.value.message()


def test_all_faults_are_told_at_once_and_the_mix_is_read_strictly(tmp_path: Path) -> None:
    path = like(tmp_path, {"rates.late": "x", "persons": "-1"})
    with pytest.raises(DrgError) as refused:
        parameters(path)
    assert "rates.late" in refused.value.message() and "persons" in refused.value.message()
    path = like(tmp_path, {})
    mix = tmp_path / "mix.csv"
    text = mix.read_text(encoding="utf-8")
    mix.write_text(
        text.replace("AB1,0.035,260000", "AB1,many,260000") + "AA1,1,1,1,1,0,1-2,\n", encoding="utf-8"
    )
    with pytest.raises(DrgError, match=r"mix\.csv does not describe a mix") as refused:
        parameters(path)
    assert "line 3.per_10000: 'many' is not a number" in refused.value.message()
    assert "AA1 stands twice" in refused.value.message()
