"""A delivery that is put into the inbox is settled by the daemon alone: sensor, queue and chain."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest
from support import regions
from support.daemon import daemon, wait_for
from support.regions import Claim, deliver

from drg_pipeline.assets.instance import open_instance
from drg_pipeline.assets.operations import CHAIN, LINK

# The year 2025 is over by the law; the operators say that it takes arrivals.
OPERATED = {
    "DRG_AUTOMATIC": "yes",
    "DRG_QUIET_SECONDS": "1",
    "DRG_POLL_SECONDS": "2",
    "DRG_OPEN_FROM": "2025-01",
}


@pytest.fixture(scope="module")
def year(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cleared year of the example region; read only."""
    return regions.shared(tmp_path_factory, "year", regions.example_year(samples))


def test_a_delivery_starts_the_month(year: Path, tmp_path: Path) -> None:
    regions.copy(year, tmp_path)
    before = regions.digests(tmp_path)
    deliver(tmp_path, "2025-03/late-1", Claim("NEW-1"))
    instance = open_instance(tmp_path / "lake")

    def runs(job: str, status: dg.DagsterRunStatus) -> list[dg.DagsterRun]:
        found = instance.get_runs(dg.RunsFilter(job_name=f"{regions.NAME}_{job}", statuses=[status]))
        return [run for run in found if CHAIN in run.tags and run.tags.get("dagster/sensor_name")]

    with daemon(tmp_path, **OPERATED) as said:
        took = wait_for(
            lambda: bool(runs("months", dg.DagsterRunStatus.SUCCESS)), 240, "the month's run", said
        )
    print(f"the month was settled {took:.0f} s after the daemon's start")

    (taken,) = runs("take_in", dg.DagsterRunStatus.SUCCESS)
    (month,) = runs("months", dg.DagsterRunStatus.SUCCESS)
    assert month.tags[CHAIN] == taken.tags[CHAIN] and int(month.tags[LINK]) > 1
    assert month.tags["dagster/partition"] == "2025-03"

    # The claim is in the month: nothing else than March, and what of the year reads it, has another content.
    assert regions.rows(tmp_path, "select month from quality.claim_status where setl_id = 'NEW-1'")
    changed = {place for place, _ in before.items() ^ regions.digests(tmp_path).items()}
    assert any(place.startswith("settlement/monthly_pool/month=2025-03") for place in changed)
    assert {place.rsplit("=", 1)[1] for place in changed if "=" in place} == {"2025-03"}
