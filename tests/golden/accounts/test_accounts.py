"""The account of a claim, line by line: worked examples whose figures stand in the file with their arithmetic."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from support.golden import Case, read_cases
from support.harness import Bench, Run

from drg_pipeline.reports.account import Account, Accounts

CASES = read_cases(Path(__file__).parent)


@pytest.fixture(scope="module")
def accounts(bench: Bench) -> Accounts:
    return Accounts(bench.region)


def told(bench: Bench, accounts: Accounts, run: Run, version: datetime | None = None) -> list[Account]:
    """The accounts of all claims of a run; what it has not computed is empty."""
    there = run.con.execute(
        "select table_schema || '.' || table_name from information_schema.tables"
    ).fetchall()
    read = {table for explanation in bench.project.explanations.values() for table in explanation.tables}
    for table in sorted(read - {name for (name,) in there}):
        run.show(table)
    # The fund amount of a claim is one payment of a fund that counts.
    run.con.execute(
        "insert into claims.payinfo by name select month, setl_id, dcla_time, 1 as line, "
        "'310100' as fund_pay_type, fund as fund_payamt from claims.claim"
    )
    claims = run.con.execute("select distinct setl_id from claims.version_index order by 1").fetchall()
    return accounts.told(run.con, [claim for (claim,) in claims], version=version, path=False)


@pytest.fixture(scope="module")
def computed(bench: Bench) -> Run:
    """The first case with everything that is computed of it."""
    return bench.run(CASES[0].tables(bench.columns), CASES[0].through)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_worked_account(bench: Bench, case: Case) -> None:
    bench = bench.following(case.methods)
    run = bench.run(case.tables(bench.columns), case.through, policy=case.policy)
    found = told(bench, Accounts(bench.region), run)
    for section, expected in case.expect.items():
        lines = [
            line for account in found for part in account.parts if part.id == section for line in part.lines
        ]
        labels = {row["label"] for row in expected}
        fields = list(expected[0]) if expected else ["label"]
        assert all(list(row) == fields for row in expected), "the expected lines name the same fields"
        shown = lines if not expected else [line for line in lines if line.label in labels]
        found_lines = [{field: as_text(getattr(line, field)) for field in fields} for line in shown]
        assert found_lines == list(expected), section
    assert [fault for account in found for fault in account.faults] == []


def as_text(value: object) -> object:
    """As the file has it: all scalars are text there."""
    return str(value).lower() if isinstance(value, bool) else value


def test_a_version_that_was_corrected_is_not_paid(bench: Bench, accounts: Accounts) -> None:
    case = next(case for case in CASES if "moved" in case.name)
    run = bench.run(case.tables(bench.columns), case.through)
    (account,) = told(bench, accounts, run, datetime(2025, 3, 17, 9))
    assert str(account.month) == "2025-03" and account.faults == []
    assert account.last and account.last.label == "result.superseded"


def test_a_version_of_somebody_else_tells_whose_the_claim_is(bench: Bench, accounts: Accounts) -> None:
    case = next(case for case in CASES if "not its claim's" in case.name)
    run = bench.run(case.tables(bench.columns), case.through)
    (account,) = told(bench, accounts, run, datetime(2025, 3, 19, 9))
    (line,) = [line for part in account.parts if part.id == "claim_relation" for line in part.lines]
    assert (line.label, line.value, line.name) == ("relation.foreign", "H2", "H1, 2025-03-18 09:00:00")
    assert line.good is False and account.faults == []


def test_every_case_cites_a_clause_that_exists(bench: Bench) -> None:
    for case in CASES:
        assert case.law, str(case)
        for citation in case.law:
            bench.region.pack.instruments.resolve(citation)


def test_what_is_computed_again_is_held_against_what_is_stored(bench: Bench, accounts: Accounts) -> None:
    """A table that was changed behind the back of the models is found, wherever the change is."""
    case = CASES[0]
    run = bench.run(case.tables(bench.columns), case.through)
    run.con.execute("update settlement.monthly_case set fund_due = fund_due + 0.01")
    run.con.execute("update calibration.group_base_point set mean = 7800.01")
    (account,) = told(bench, accounts, run)
    assert [str(fault) for fault in account.faults] == [
        "claim_base_point, base.mean: computed again 7800.00, stored 7800.01",
        "claim_money, money.due: computed again 5000.00, stored 5000.01",
        "claim_result, result.paid: computed again 5000.00, stored 5000.01",
    ]
    assert account.last and account.last.differs


@pytest.mark.parametrize(
    ("table", "change", "line"),
    [
        ("quality.claim_status", "upload_deadline = date '2025-03-20'", "claim_deadline, deadline.deadline"),
        ("quality.claim_status", "reason = 'late_upload'", "claim_standing, standing.settled"),
        (
            "calibration.group_base_point",
            "base_point = base_point + 0.0001",
            "claim_base_point, base.point_stable",
        ),
        ("calibration.group_base_point", "stability = 'unstable'", "claim_base_point, base.class"),
        ("calibration.overall", "mean = mean + 0.01", "claim_base_point, base.overall"),
        ("calibration.level_coefficient", "coefficient = 1.2", "claim_coefficient, coefficient.own"),
        (
            "pricing.version_point",
            "level_mean = level_mean - 0.01",
            "claim_coefficient, coefficient.level_mean",
        ),
        ("pricing.version_point", "coefficient = 1.1001", "claim_coefficient, coefficient.used"),
        ("pricing.group_price", "multiple = 2", "claim_category, category.multiple"),
        ("pricing.version_point", "category = 'high'", "claim_category, category.compared"),
        ("pricing.version_point", "points = points + 0.0001", "claim_points, points.normal"),
        ("settlement.month_value", "carry_in = 1", "claim_pool, pool.budget_used"),
        ("settlement.month_value", "budget_used = budget_used + 1", "claim_pool, pool.budget_used"),
        ("settlement.month_value", "point_value = point_value + 0.000001", "claim_pool, pool.point_value"),
        ("settlement.pool_month", "points = points + 1", "claim_pool, pool.points"),
        ("settlement.monthly_case", "standard = standard + 0.01", "claim_money, money.standard"),
        ("settlement.monthly_case", "difference = difference + 0.01", "claim_money, money.difference"),
        ("settlement.monthly_settlement", "settlement = settlement + 1", "claim_money, money.hospital"),
        ("settlement.monthly_settlement", "deposit = deposit + 0.01", "claim_money, money.deposit"),
        ("settlement.monthly_settlement", "payable = payable + 0.01", "claim_money, money.payable"),
        ("clearing.annual_case", "source = 'late'", "claim_year, year.source"),
        ("clearing.annual_case", "points = points + 1", "claim_year, year.points"),
        ("clearing.pool_value", "point_value = point_value + 0.000001", "claim_year, year.point_value"),
        ("clearing.hospital_year", "entitlement = entitlement + 0.01", "claim_year, year.hospital"),
    ],
    ids=lambda value: value if "." in value and " " not in value else None,
)
def test_a_figure_that_was_changed_is_found_where_it_stands(
    bench: Bench, accounts: Accounts, computed: Run, table: str, change: str, line: str
) -> None:
    """Table and account share their formulas; the account still takes them from what its lines show."""
    computed.con.begin()
    try:
        computed.con.execute(f"update {table} set {change}")
        (account,) = told(bench, accounts, computed)
    finally:
        computed.con.rollback()
    assert line in [fault.where for fault in account.faults], account.faults


def test_a_rule_that_the_account_does_not_know_is_no_silent_agreement(
    bench: Bench, accounts: Accounts
) -> None:
    case = CASES[0]
    run = bench.run(case.tables(bench.columns), case.through)
    run.con.execute("update pricing.version_point set category = 'excluded', priced_as = 'excluded'")
    (account,) = told(bench, accounts, run)
    assert [str(fault) for fault in account.faults] == [
        "claim_category, category.compared: computed again normal, stored excluded",
        "claim_points, points.otherwise: computed again None, stored 132.0000",
    ]


def test_the_path_s_answer_is_among_what_the_path_reads(bench: Bench, accounts: Accounts) -> None:
    path = accounts.words.path
    assert path.answer in bench.project.explanations[path.explanation].upstream
