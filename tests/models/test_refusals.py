"""Every check of every contract refuses a row that breaks it, and none is without such a row here.

What the checks are is written in the models; that good rows pass is shown by the worked examples.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from support.harness import Bench, Given, Row

from drg_pipeline.settings import PROJECT
from drg_pipeline.sql.contract import Contract, keeps_id
from drg_pipeline.sql.folder import read_folder
from drg_pipeline.sql.header import split_header
from drg_pipeline.sql.lists import read_layers

FILL = {
    "VARCHAR": "x",
    "VARCHAR[]": [],
    "BIGINT[]": [],
    "STRUCT": [],  # a list of them
    "INTEGER": "1",
    "BIGINT": "1",
    "BOOLEAN": "false",
    "DATE": "2025-03-10",
    "TIMESTAMP": "2025-03-10 08:00:00",
    "DECIMAL": "1",
}
PERIODS = {"month": "2025-03", "settlement_month": "2025-03", "folder_month": "2025-03", "year": "2025"}
POOL = {"pool": "employee_local"}
KEY = {"setl_id": "a", "dcla_time": "2025-03-10 08:00:00"}

# (table, check, tables given). A row of a model's table that names no column has a filler in each.
BROKEN: list[tuple[str, str, dict[str, list[dict[str, Any]]]]] = [
    (
        "claims.delivered_file",
        "records_reconcile",
        {"claims.delivered_file": [{"records": 3, "accepted": 1, "rejected": 1}]},
    ),
    (
        "grouping.grouped_case",
        "group_only_when_grouped",
        {"grouping.grouped_case": [{"status": "grouped", "drg": None}]},
    ),
    (
        "grouping.grouped_case",
        "group_only_when_grouped",
        {"grouping.grouped_case": [{"status": "ungrouped", "drg": "A"}]},
    ),
    (
        "quality.claim_status",
        "reason_when_not_normal",
        {"quality.claim_status": [{"status": "normal", "reason": "ungrouped"}]},
    ),
    (
        "quality.claim_status",
        "reason_when_not_normal",
        {"quality.claim_status": [{"status": "non_normal", "reason": None}]},
    ),
    (
        "quality.claim_status",
        "reason_when_not_normal",
        {"quality.claim_status": [{"status": None, "reason": None}]},
    ),
    (
        "calibration.group_base_point",
        "base_point_positive",
        {"calibration.group_base_point": [{"base_point": 0}]},
    ),
    ("pricing.group_price", "one_threshold", {"pricing.group_price": [{"multiple": None}]}),
    (
        "pricing.version_point",
        "basis_of_points",
        {"pricing.version_point": [{"priced_as": "normal", "coefficient": None}]},
    ),
    (
        "pricing.version_point",
        "basis_of_bands",
        {"pricing.version_point": [{"priced_as": "low", "level_mean": None}]},
    ),
    (
        "pricing.version_point",
        "every_bed_day_has_a_price",
        {"pricing.version_point": [{"priced_as": "bed_day", "points": None}]},
    ),
    (
        "pricing.version_point",
        "western_groups_have_prices",
        {
            "pricing.version_point": [{"points": None} | KEY],
            "pricing.tcm_case": [{"mode": "efficacy", "western_drg": "ZZ"} | KEY],
        },
    ),
    (
        "settlement.month_value",
        "budgets_are_of_pools",
        {"settlement.month_value": [{"month": "2025-03", "pool": "of_nobody"}]},
    ),
    (
        "settlement.monthly_pool",
        "closes_to_the_cent",
        {"settlement.monthly_pool": [{"settled": "99.99", "residual": 0, "budget_used": 100}]},
    ),
    (
        "settlement.monthly_pool",
        "carry_not_negative",
        {"settlement.monthly_pool": [{"carry_out": "-0.01", "budget_used": "1.01", "available": 1}]},
    ),
    (
        "settlement.monthly_pool",
        "carry_not_negative",
        {"settlement.monthly_pool": [{"carry_out": 0, "budget_used": 1, "available": "1.01"}]},
    ),
    (
        "clearing.annual_pool",
        "closes_to_the_cent",
        {"clearing.annual_pool": [{"settled": "99.99", "residual": 0, "budget": 100}]},
    ),
    ("clearing.annual_pool", "whole_amount_accounted", {"clearing.annual_pool": [{"unspent": "99.99"}]}),
    ("clearing.annual_pool", "reserve_not_overdrawn", {"clearing.annual_pool": [{"reserve_left": "-0.01"}]}),
    (
        "clearing.annual_settlement",
        "due_is_payable_less_paid",
        {"clearing.annual_settlement": [{"due": 5, "payable": 10, "paid": 4}]},
    ),
    (
        "clearing.surplus",
        "not_below_fund",
        {"clearing.surplus": [{"surplus": 10, "over_cap": 6, "withheld": "4.01"}]},
    ),
    (
        "clearing.surplus",
        "not_below_fund",
        {"clearing.surplus": [{"surplus": 10, "over_cap": "-0.01", "withheld": 0}]},
    ),
    (
        "clearing.pool_value",
        "annual_pools_have_budgets",
        {
            "clearing.pool_value": [{"pool": "employee_local"}],
            "clearing.annual_case": [{"pool": "resident_local"}],
        },
    ),
    (
        "settlement.month_value",
        "budget_for_every_pool",
        {
            "settlement.month_value": [{"pool": "employee_local"}],
            "settlement.pool_month": [{"pool": "resident_local"}],
        },
    ),
    (
        "quality.claim_status",
        "calendar_covers_deadlines",
        {
            "quality.claim_status": [{**KEY, "upload_deadline": None}],
            "claims.version_index": [{**KEY, "deadline_from": "2026-12-31"}],
        },
    ),
    (
        "clearing.unsettled_case",
        "every_claim_cleared_or_listed",
        {"clearing.unsettled_case": [], "clearing.claim_version": [{"setl_id": "a"}]},
    ),
    (
        "clearing.unsettled_case",
        "every_claim_cleared_or_listed",
        {
            "clearing.unsettled_case": [{"setl_id": "a"}],
            "clearing.claim_version": [{"setl_id": "a"}],
            "clearing.annual_case": [{"setl_id": "a"}],
        },
    ),
    (
        "clearing.reserve",
        "reserve_covers_its_lines",
        {"clearing.reserve": [{"reserve": 100, "served": "100.01"}]},
    ),
    (
        "clearing.secondary_distribution",
        "distribution_not_negative",
        {"clearing.secondary_distribution": [{"distributed": "-0.01"}]},
    ),
    ("clearing.ledger", "every_ledger_line_is_known", {"clearing.ledger": [{"citation": None}]}),
    (
        "pricing.case_point",
        "every_normal_case_is_priced",
        {
            "pricing.case_point": [],
            "quality.claim_status": [{**KEY, "in_month": 1, "status": "normal", "reason": None}],
        },
    ),
    (
        "settlement.monthly_settlement",
        "hospitals_add_up_to_the_pool",
        {
            "settlement.monthly_settlement": [{**POOL, "points": 1, "fee": 1, "fund": 1}],
            "settlement.month_value": [{**POOL, "points": 1, "fee": 1, "fund": "1.01"}],
            "settlement.pool_month": [POOL],
        },
    ),
    (
        "settlement.month_budget",
        "month_budgets_add_up",
        {
            "settlement.month_budget": [{**POOL, "allocation": "96.99"}],
            "reference.budget": [{**POOL, "year": 2025, "amount": 100, "reserve_ratio": "0.03"}],
        },
    ),
    (
        "pricing.group_price",
        "overrides_agree",
        {
            "pricing.group_price": [],
            "reference.group_override": [
                {"drg": "A", "phase": "month", "level": None, "base_point": 100, "valid_from": "2025-01-01"},
                {
                    "drg": "A",
                    "phase": "month",
                    "level": "primary",
                    "base_point": 101,
                    "valid_from": "2024-01-01",
                },
            ],
        },
    ),
    (
        "pricing.hospital_coefficient",
        "uplifts_within_ceilings",
        {
            "pricing.hospital_coefficient": [],
            "reference.key_specialty": [
                {
                    "fixmedins_code": "H1",
                    "drg": "A",
                    "grade": "national",
                    "uplift": "0.3",
                    "valid_from": "2025-01-01",
                }
            ],
        },
    ),
]


BROKEN += [
    ("grouping.scheme_case", "scheme_is_there", {"grouping.scheme_case": [], "scheme.scheme": []}),
    (
        "grouping.scheme_case",
        "every_record_meets_the_scheme",
        {
            "grouping.record": [{"setl_id": "a"}, {"setl_id": "b"}],
            "grouping.scheme_case": [{"setl_id": "a"}],
            "policy.grouping": [{"month": "2025-03", "scheme": "next"}],
        },
    ),
    (
        "grouping.regrouped_case",
        "calibration_scheme_is_there",
        {"grouping.regrouped_case": [], "policy.calibration_scheme": [{"year": 2025, "scheme": "next"}]},
    ),
    (
        "grouping.agreement",
        "platform_agrees",
        {"grouping.agreement": [{"compared": 200, "same_drg": 197}]},
    ),
    (
        "claims.unknown_mention",
        "reference_rows_name_what_is_there",
        {"claims.unknown_mention": [{"file": "basic_group.csv"}]},
    ),
    (
        "settlement.month_budget",
        "budgets_keep_their_scale",
        {
            "settlement.month_budget": [],
            "reference.budget": [
                {"year": 2024, **POOL, "amount": "1000000.00"},
                {"year": 2025, **POOL, "amount": "1050.00"},
            ],
        },
    ),
    (
        "calibration.history_case",
        "history_has_one_scheme",
        {"calibration.history_case": [{"setl_id": "a", "scheme": "old"}, {"setl_id": "b", "scheme": "next"}]},
    ),
    (
        "pricing.group_price",
        "priced_by_the_scheme_of_the_calibration",
        {
            "pricing.group_price": [],
            "policy.grouping": [{"month": "2025-03", "grouping_source": "scheme", "scheme": "next"}],
            "calibration.history_case": [{"scheme": "old"}],
        },
    ),
]


def filled(bench: Bench, table: str, row: Mapping[str, Any]) -> Row:
    """The row, with something in every column that it does not name; a table from the side stays as given."""
    if table not in bench.project.models:
        return row
    fill = {
        name: PERIODS.get(name, FILL[bench.type_of(table, name).split("(")[0]])
        for name in bench.columns(table)
    }
    return {**fill, **row}


def failing(bench: Bench, table: str, given: Given) -> set[str]:
    return bench.open(
        {name: [filled(bench, name, row) for row in rows] for name, rows in given.items()},
        (),
        checked=[table],
    ).failing(table)


@pytest.mark.parametrize(
    ("table", "check", "given"), BROKEN, ids=[f"{table} {check}" for table, check, _ in BROKEN]
)
def test_a_row_that_breaks_a_check_is_refused(bench: Bench, table: str, check: str, given: Given) -> None:
    assert check in failing(bench, table, given)


def test_every_check_has_a_row_that_breaks_it(bench: Bench) -> None:
    written = {(model.name, check.id) for model in bench.project.models.values() for check in model.checks}
    written |= {(invariant.guards, invariant.id) for invariant in bench.project.invariants}
    assert written == {(table, check) for table, check, _ in BROKEN}


def models() -> list[str]:
    folder = PROJECT / "dbt_like_sql"
    layers = [layer.name for layer in read_layers(folder)]
    found = read_folder(folder, layers, None, split_header, lambda table, column: "varchar")
    return sorted(model.name for model in found.models)


@pytest.mark.parametrize("table", models())
def test_a_contract_refuses_what_its_header_forbids(bench: Bench, table: str) -> None:
    """A key that stands twice, an empty column that is always filled, a kept key that does not come out."""
    model = bench.project.models[table]
    kept: dict[str, list[Row]] = {name: [{}] for name in model.keeps}
    twice = failing(bench, table, {table: [{}, {}]})
    assert "grain_is_unique" in twice and "no_unexpected_null" not in twice
    required = next(
        column for column in model.columns if column not in model.nullable and column not in PERIODS
    )
    assert "no_unexpected_null" in failing(bench, table, {table: [{required: None}]})
    assert "grain_is_unique" not in failing(bench, table, {table: [{}]})
    lost = failing(bench, table, {table: [], **kept})
    assert {keeps_id(name) for name in model.keeps} <= lost
    assert not {keeps_id(name) for name in model.keeps} & failing(bench, table, {table: [{}], **kept})
    assert {rule.id for rule in Contract(bench.project, model).rules()} >= twice | lost
