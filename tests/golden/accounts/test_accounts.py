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


@pytest.mark.parametrize("case", CASES, ids=str)
def test_worked_account(bench: Bench, accounts: Accounts, case: Case) -> None:
    run = bench.run(case.tables(bench.columns), case.through, policy=case.policy)
    found = told(bench, accounts, run)
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
    assert account.month == "2025-03" and account.faults == []
    assert account.last and account.last.label == "result.superseded"


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


def test_a_rule_that_the_account_does_not_know_is_no_silent_agreement(
    bench: Bench, accounts: Accounts
) -> None:
    case = CASES[0]
    run = bench.run(case.tables(bench.columns), case.through)
    run.con.execute("update pricing.version_point set category = 'bed_day'")
    (account,) = told(bench, accounts, run)
    assert [str(fault) for fault in account.faults] == [
        "claim_category, category.compared: computed again normal, stored bed_day",
        "claim_points, points.otherwise: computed again None, stored 132.0000",
    ]


def test_the_path_s_answer_is_among_what_the_path_reads(bench: Bench, accounts: Accounts) -> None:
    path = accounts.words.path
    assert path.answer in bench.project.explanations[path.explanation].upstream
