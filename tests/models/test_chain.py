"""The whole arithmetic, from landed rows to the cleared year, on a small random region: it keeps every
contract, and neither the order of rows, nor threads, nor how many months are computed at once change a row.

What the figures have to be is the business of the worked examples and of the properties.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from support.harness import Bench, Run
from support.periods import periods

from drg_pipeline.lake.reads import upstream_periods
from drg_pipeline.periods import MONTH, NONE, WHOLE, YEAR, Period
from drg_pipeline.sql.model import Model

LEVELS = ("tertiary", "secondary", "primary")
MONTHS = [f"2025-{month:02d}" for month in range(1, 6)]
Tables = dict[str, list[dict[str, Any]]]


def region(seed: int) -> Tables:
    """140 claims of 2024 and 120 of 2025 of five hospitals in five groups: one wide, one small, one new.

    Some come late, some are corrected in time (and move a month), some too late, some are fatal or ungrouped.
    """
    dice = random.Random(seed)
    tables: Tables = defaultdict(list)
    for n in range(1, 6):
        tables["reference.hospital"].append(
            {
                "fixmedins_code": f"H{n}",
                "level": LEVELS[n % 3],
                "agreement_status": "active",
                "valid_from": "2020-01-01",
            }
        )
    tables["scheme.scheme"].append(
        {"scheme": "starter", "title": "试用", "retry_with_each_other_procedure": "false"}
    )
    fourth = tables["reference.hospital"][3]
    tables["reference.hospital"].append(
        {**fourth, "agreement_status": "suspended", "valid_from": "2025-04-01"}
    )
    fourth["valid_to"] = "2025-03-31"
    for pool, amount in (
        ("employee_local", "800000.01"),
        ("employee_nonlocal", "300000.00"),
        ("resident_local", "90000.00"),
        ("resident_nonlocal", "300000.00"),
    ):
        tables["reference.budget"].append(
            {"year": 2025, "pool": pool, "amount": amount, "reserve_ratio": "0.03"}
        )
    tables["reference.basic_group"].append({"drg": "GA2", "valid_from": "2025-01-01"})
    tables["reference.key_specialty"].append(
        {
            "fixmedins_code": "H1",
            "drg": "GA1",
            "grade": "national",
            "uplift": "0.15",
            "valid_from": "2025-01-01",
        }
    )
    tables["reference.group_override"].append(
        {"drg": "GA1", "phase": "clearing", "base_point": 90, "document": "D1", "valid_from": "2025-01-01"}
    )
    tables["reference.assessment"].append({"fixmedins_code": "H1", "year": 2025, "coefficient": "0.97"})
    for n in range(260):
        past = n < 140
        year, month = (2024, dice.randint(1, 12)) if past else (2025, dice.randint(1, 4))
        group = (
            dice.choice(["GA1", "GA1", "GA2", "GA3"])
            if n < 136
            else "GA4"
            if past
            else dice.choice(["GA1", "GA1", "GA2", "GA4", "NEW"])
        )
        fee = int(dice.lognormvariate(9, 1.6 if group == "GA3" else 0.5 if past else 1.0) * 100) + 1
        discharged = date(year, month, dice.randint(3, 9))
        claim = {
            "setl_id": f"c{n:03d}",
            "psn_no": f"p{n % 90}",
            "fixmedins_code": f"H{dice.randint(1, 5)}",
            "insutype": dice.choice(["310", "390"]),
            "insuplc": dice.choice(["419001", "419001", "410100"]),
            "discharged": discharged,
            "group": group if n % 29 else "0000",
            "fee": fee,
            "fund": dice.randint(0, fee),
            "charged": fee + (5 if n % 23 == 0 else 0),
        }
        uploaded = discharged + timedelta(days=25 if n % 11 == 0 else 1)
        _deliver(tables, claim, uploaded, settled=discharged, folder=f"{year}-{month:02d}/d{n % 2}")
        if n % 13 == 0:
            moved = date(year, month, 28) + timedelta(days=7)
            _deliver(
                tables, claim, uploaded + timedelta(days=1), settled=moved, folder=f"{year}-{month:02d}/d2"
            )
        if n % 17 == 0:
            _deliver(
                tables,
                {**claim, "fee": fee + 100, "charged": fee + 100},
                discharged + timedelta(days=70),
                discharged,
                f"{year}-{month:02d}/d3",
            )
    return tables


def _deliver(tables: Tables, claim: dict[str, Any], uploaded: date, settled: date, folder: str) -> None:
    """One version of a claim with its children."""
    line = len(tables["landing.setlinfo"]) + 2
    row = {
        "setl_id": claim["setl_id"],
        "dcla_time": f"{uploaded} 08:00:00",
        "delivery": folder,
        "folder_month": folder.split("/")[0],
        "line": line,
        "fields_found": 9,
        "fields_expected": 9,
    }
    discharged = claim["discharged"]
    tables["landing.setlinfo"].append(
        {
            **row,
            **{name: claim[name] for name in ("psn_no", "fixmedins_code", "insutype", "insuplc")},
            "gend": "1",
            "brdy": "1960-02-29",
            "adm_time": f"{discharged - timedelta(days=4)} 10:00:00",
            "dscg_time": f"{discharged} 10:00:00",
            "setl_end_date": settled,
            "hi_paymtd": "3",
            "medfee_sumamt": Decimal(claim["fee"]).scaleb(-2),
        }
    )
    tables["landing.diseinfo"].append({**row, "diag_type": "1", "maindiag_flag": "1", "diag_code": "I63.9"})
    tables["landing.iteminfo"].append(
        {**row, "med_chrgitm": "01", "amt": Decimal(claim["charged"]).scaleb(-2)}
    )
    tables["landing.payinfo"].append(
        {**row, "fund_pay_type": f"{claim['insutype']}100", "fund_payamt": Decimal(claim["fund"]).scaleb(-2)}
    )
    tables["landing.drginfo"].append({**row, "drg_code": claim["group"], "scheme": "p"})


@pytest.fixture(scope="module")
def tables() -> Tables:
    return region(7)


@pytest.fixture(scope="module")
def run(bench: Bench, tables: Tables) -> Iterator[Run]:
    run = bench.run(tables, tuple(bench.project.models))
    yield run
    run.con.close()


def test_the_region_walks_through_every_kind_of_claim(run: Run) -> None:
    found = run.rows("pricing.case_point")
    assert {row["category"] for row in found if str(row["month"]) >= "2025"} == {
        "blank",
        "unstable",
        "high",
        "low",
        "normal",
    }
    assert {row["reason"] for row in run.rows("quality.claim_status")} == {
        None,
        "quality_fatal",
        "late_upload",
        "ungrouped",
    }
    assert {row["source"] for row in run.rows("clearing.annual_case") if row["year"] == 2025} == {
        "settled",
        "late",
        "corrected",
    }
    assert {row["reason"] for row in run.rows("clearing.unsettled_case")} == {"quality_fatal", "ungrouped"}
    assert {row["line"] for row in run.rows("clearing.ledger")} >= {
        "entitlement",
        "assessment_adjustment",
        "over_cap",
        "overspend_share",
        "retention_withheld",
        "secondary_distribution",
        "monthly_paid",
    }


def test_the_whole_chain_keeps_every_contract(run: Run) -> None:
    broken = {table: run.failing(table, 2025, 2025) for table in run.through}
    assert broken == {table: set() for table in run.through}


def test_neither_the_order_of_rows_nor_threads_change_a_digest(
    bench: Bench, run: Run, tables: Tables
) -> None:
    expected = {table: run.digest(table) for table in run.through}
    for seed, threads in ((1, 1), (2, 2)):
        dice = random.Random(seed)
        again = bench.run(
            {table: dice.sample(rows, len(rows)) for table, rows in tables.items()},
            run.through,
            threads=threads,
        )
        assert {table: again.digest(table) for table in run.through} == expected
        again.con.close()


def test_every_period_computed_alone_is_the_one_computed_with_others(bench: Bench, run: Run) -> None:
    """Each model sees what the engine would show it for the one period, and nothing else."""
    run.con.execute("attach ':memory:' as alone")
    run.con.execute("use alone")
    try:
        run.con.execute(bench.project.macros)
        for name, model in bench.project.models.items():
            for period in {NONE: [], YEAR: periods("2025"), MONTH: periods(*MONTHS)}[model.partition]:
                for table in model.upstream:
                    run.con.execute(f"create schema if not exists {table.split('.')[0]}")
                    run.con.execute(
                        f"create or replace view {table} as from memory.{table} "
                        f"where {_shown(bench, model, table, period)}"
                    )
                own = f"cast({model.partition} as varchar) = '{period}'"
                both = (f"(from ({model.sql}) as answer where {own})", f"(from memory.{name} where {own})")
                for one, other in (both, both[::-1]):
                    left = run.con.execute(f"from ({one} except all {other}) limit 3").fetchall()
                    assert not left, f"{name} {period}"
    finally:
        run.con.execute("use memory")
        run.con.execute("detach alone")


def _shown(bench: Bench, model: Model, table: str, period: Period) -> str:
    """The part of an upstream table that the engine shows for one period of a model."""
    reads = model.reads.get(table)
    kind = bench.project.partition_of(table)
    upstream = bench.project.models.get(table)
    if kind == "delivery":
        if reads and reads.deliveries_of:
            named = f"select delivery from memory.{reads.deliveries_of} where settlement_month = '{period}'"
            return f"delivery in ({named})"
        return f"folder_month = '{period}'"
    if upstream and upstream.slice_by and model.partition == "month":
        month, key = upstream.slice_by
        return f"{key} in (select {key} from memory.{table} where {month} = '{period}')"
    if reads and reads.year_from:
        guide, column = reads.year_from.rsplit(".", 1)
        return f"year in (select {column} from memory.{guide} where {model.partition} = '{period}')"
    wanted = upstream_periods([period], kind, reads)
    if wanted is None or wanted == [WHOLE]:
        return "true"
    return f"{kind} in ({', '.join(repr(up.value) for up in wanted)})"


def test_a_month_does_not_depend_on_what_arrives_after_its_deadlines(
    bench: Bench, run: Run, tables: Tables
) -> None:
    def in_time(delivery: str) -> bool:
        return delivery < "2025-01" or (delivery < "2025-03" and not delivery.endswith("d3"))

    cut = bench.run(
        {table: [row for row in rows if in_time(row.get("delivery", ""))] for table, rows in tables.items()},
        run.through,
    )
    for table in (
        "pricing.case_point",
        "settlement.monthly_settlement",
        "settlement.monthly_case",
        "settlement.monthly_pool",
    ):
        early, whole = (
            [row for row in of.rows(table) if "2025-01" <= str(row["month"]) <= "2025-02"]
            for of in (cut, run)
        )
        assert early == whole and early, table
    cut.con.close()


def refunded(seed: int) -> Tables:
    """Settlements of both years with their refunds, under ids of their own: all in time for their months."""
    dice = random.Random(seed)
    tables: Tables = defaultdict(list)
    for n in range(24):
        year, month = (2024, dice.randint(1, 12)) if n % 2 else (2025, dice.randint(1, 4))
        discharged = date(year, month, dice.randint(3, 9))
        fee = dice.randint(1, 30_000_00)
        claim = {
            "setl_id": f"r{n:02d}",
            "psn_no": f"q{n % 5}",
            "fixmedins_code": f"H{dice.randint(1, 5)}",
            "insutype": dice.choice(["310", "390"]),
            "insuplc": dice.choice(["419001", "410100"]),
            "discharged": discharged,
            # Also of a group of which nobody has another case.
            "group": dice.choice(["GA1", "GA2", "GA3", "GA4", "NEW", "ALONE"]),
            "fee": fee,
            "fund": dice.randint(0, fee),
            "charged": fee,
        }
        back = {**claim, "setl_id": f"{claim['setl_id']}-back"}
        back |= {name: -int(claim[name]) for name in ("fee", "fund", "charged")}
        both = [(claim, discharged), (back, discharged + timedelta(days=n % 3))]
        # Whichever comes first.
        for days, (one, settled) in enumerate(both if n % 4 else both[::-1], 1):
            _deliver(
                tables, one, discharged + timedelta(days=days + 1), settled, f"{year}-{month:02d}/d{days}"
            )
    return tables


def test_a_refund_and_its_settlement_leave_nothing_behind(bench: Bench, run: Run, tables: Tables) -> None:
    """Months, calibration and clearing are as if neither had been sent."""
    more = refunded(11)
    given = {table: [*tables[table], *more[table]] for table in {*tables, *more}}
    again = bench.run(given, run.through)
    pairs = {(row["refund_setl_id"], row["setl_id"]) for row in again.rows("claims.refund_pair")}
    assert pairs == {(f"r{n:02d}-back", f"r{n:02d}") for n in range(24)}
    # All versions are kept, and the year lists what it does not settle: that is not money.
    listed = ("clearing.claim_version", "clearing.unsettled_case")
    layers = ("settlement", "calibration", "clearing")
    moneyed = [table for table in run.through if table.split(".")[0] in layers and table not in listed]

    def rows(of: Run, table: str) -> list[dict[str, Any]]:
        # A month is known on the last deadline of all its claims, whatever becomes of them.
        return [{name: value for name, value in row.items() if name != "pay_by"} for row in of.rows(table)]

    for table in ["pricing.case_point", *moneyed]:
        assert rows(again, table) == rows(run, table), table
    assert any(row["reason"] == "refunded" for row in again.rows("clearing.unsettled_case"))
    again.con.close()
