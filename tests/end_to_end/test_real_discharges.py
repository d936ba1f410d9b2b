"""Real discharges: what the example region does not have, at the size of a small city's quarter."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from support import regions
from support.expected import CONTRACT, types_found, types_promised
from support.periods import month_texts, periods

from drg_pipeline.region import Region
from drg_pipeline.runs import Runner

MONTHS = month_texts("2025-01..2025-03")
OF_MONTHS = sorted(table for table, contract in CONTRACT.items() if contract.partition != "year")


@pytest.fixture(scope="module")
def quarter(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three months through Dagster, on history that was computed without it."""
    folder = tmp_path_factory.mktemp("discharges")
    regions.give(samples / "real" / "ny_discharges", folder)
    region = Region(regions.settings(folder))
    regions.take_in(region)
    regions.calibrate(region, "2025")
    started: list[str] = []
    Runner(region, lambda step: started.append(step.title)).months(periods(*MONTHS))
    # What was computed without Dagster is current for it.
    assert started == ["jiyuan_take_in", "jiyuan_months 2025-01..2025-03"]
    return folder


@pytest.mark.parametrize("table", OF_MONTHS)
def test_a_table_has_the_columns_and_types_of_the_contract(quarter: Path, table: str) -> None:
    found, promised = types_found(regions.lake_of(quarter), table), types_promised(table)
    assert {name: found.get(name) for name in promised} == promised


def test_every_record_is_taken_in(quarter: Path, samples: Path) -> None:
    assert regions.rows(quarter, "select * from claims.rejected_row") == []
    delivered = samples / "real" / "ny_discharges" / "inbox"
    lines = sum(
        len(path.read_bytes().splitlines()) - 1
        for month in MONTHS
        for path in (delivered / month).glob("*/*.csv")
    )
    counted = regions.rows(
        quarter, "select sum(records), sum(accepted) from claims.delivered_file where month like '2025-%'"
    )
    assert counted == [(lines, lines)]
    assert lines > 1000


def test_every_pool_and_month_closes_to_the_cent(quarter: Path) -> None:
    pools = regions.rows(
        quarter, "select month, pool, budget_used, settled, residual, cases from settlement.monthly_pool"
    )
    assert len(pools) == len(MONTHS) * 4
    paid: dict[tuple[object, object], Decimal] = {
        (month, pool): Decimal(str(amount))
        for month, pool, amount in regions.rows(
            quarter, "select month, pool, sum(settlement) from settlement.monthly_settlement group by all"
        )
    }
    for month, pool, budget, settled, residual, cases in pools:
        assert paid.get((month, pool), Decimal(0)) == settled
        assert Decimal(str(settled)) + Decimal(str(residual)) == budget, (month, pool)
        assert int(str(cases)) > 0


def test_every_claim_of_the_months_is_settled_or_has_its_reason(quarter: Path) -> None:
    """What is delivered for the months is there once a version, and priced exactly where it is normal."""
    counted = regions.rows(
        quarter,
        "select count(*), count(*) filter (where s.status = 'normal' and s.in_month = 1) = count(p.setl_id), "
        "count(*) filter (where s.status <> 'normal' and s.reason is null) "
        "from quality.claim_status as s left join pricing.case_point as p "
        "on p.month = s.month and p.setl_id = s.setl_id and p.dcla_time = s.dcla_time where s.month like '2025-%'",
    )
    versions = regions.rows(
        quarter,
        "select count(*) from claims.version_index where settlement_month between '2025-01' and '2025-03'",
    )
    assert counted == [(versions[0][0], True, 0)]


def test_points_and_shares_of_the_hospitals_are_those_of_their_claims(quarter: Path) -> None:
    differing = regions.rows(
        quarter,
        "with own as (select month, fixmedins_code, pool, count(*) as cases, sum(points) as points, sum(fee) as fee, "
        "sum(fund) as fund from pricing.case_point group by all) "
        "select * from own full join settlement.monthly_settlement as h using (month, fixmedins_code, pool) "
        "where (own.cases, own.points, own.fee, own.fund) is distinct from (h.cases, h.points, h.fee, h.fund) "
        "or h.deposit + h.payable <> h.settlement",
    )
    assert differing == []
