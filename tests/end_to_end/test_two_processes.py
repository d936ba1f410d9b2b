"""Several processes on one lake at once, and a process that is killed: what is published is always whole."""

from __future__ import annotations

import random
import signal
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest
from support import regions
from support.periods import month_texts

from drg_pipeline.ingest import landed_manifests

SEED = 20250331


@pytest.fixture(scope="module")
def year(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The region with its cleared year: what one process after the other has made of it; read only."""
    return regions.shared(tmp_path_factory, "year", regions.example_year(samples))


@pytest.fixture(scope="module")
def after_kills(year: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake with history and calibration, on which runs of the first months of the year were killed.

    After each kill every published file is read whole.
    """
    folder = tmp_path_factory.mktemp("killed")
    regions.copy(year, folder)
    regions.remove_months(folder, month_texts("2025"))
    chance = random.Random(SEED)
    for way in ("settle", "months", "settle"):
        with regions.process(way, folder, "2025-01..2025-02") as child:
            assert child.stdout is not None
            # It says each table that is done; it is killed while it works on one of the next.
            for _ in range(chance.randint(8, 24)):
                assert child.stdout.readline()
            with pytest.raises(subprocess.TimeoutExpired):
                child.wait(timeout=chance.uniform(0.0, 0.2))
            child.kill()
            assert child.wait() == -signal.SIGKILL
        assert sum(regions.read_whole(folder).values()) > 0
    return folder


def of_months(digests: dict[str, str], *months: str) -> dict[str, str]:
    return {place: digest for place, digest in digests.items() if place.rsplit("=", 1)[-1] in months}


def test_a_killed_run_leaves_the_partitions_of_an_undisturbed_one(after_kills: Path, year: Path) -> None:
    found, wanted = regions.digests(after_kills), regions.digests(year)
    assert found == {place: wanted[place] for place in found}
    # Something was published before a kill, and not all of it.
    made = {place for place in of_months(found, "2025-01", "2025-02") if not place.startswith("policy/")}
    assert made
    assert not any(place.startswith("settlement/monthly_pool/") for place in made)


def test_after_kills_two_run_months_at_once_while_a_third_reads(
    after_kills: Path, year: Path, tmp_path: Path
) -> None:
    regions.copy(after_kills, tmp_path / "lake")
    folder, stop = tmp_path / "lake", tmp_path / "stop"
    with ExitStack() as stack:
        reader = stack.enter_context(regions.process("read", folder, stop))
        both = [
            stack.enter_context(regions.process("months", folder, month)) for month in ("2025-01", "2025-02")
        ]
        for child in both:
            regions.finish(child)
        stop.touch()
        reads = int(regions.finish(reader).split()[-1])
    assert reads > 3
    found, wanted = regions.digests(folder), regions.digests(year)
    assert of_months(found, "2025-01", "2025-02") == of_months(wanted, "2025-01", "2025-02")
    assert found == {place: wanted[place] for place in found}


def test_two_start_on_a_fresh_lake(samples: Path, year: Path, tmp_path: Path) -> None:
    """Both make the key and the instance, take in the same deliveries and compute history."""
    regions.give(samples / "examples" / "region-1", tmp_path, month_texts("2022-01..2022-03"))
    with ExitStack() as stack:
        both = [
            stack.enter_context(regions.process("history", tmp_path, months))
            for months in ("2022-01", "2022-01..2022-02")
        ]
        for child in both:
            regions.finish(child)
    assert (
        len(
            {
                manifest["key_fingerprint"]
                for manifest in landed_manifests(regions.settings(tmp_path)).values()
            }
        )
        == 1
    )
    found, wanted = regions.digests(tmp_path), regions.digests(year)
    # The pseudonyms are of another key, and what knows of all deliveries knows of fewer.
    other = {"claims/setlinfo", "claims/claim", "claims/version_index"}
    other |= {"claims/unknown_mention", "claims/stray_version", "claims/repeated_version"}
    differing = {place.split("/month=")[0] for place, digest in found.items() if wanted[place] != digest}
    assert differing == other
    assert of_months(found, "2022-01", "2022-02").keys() == of_months(wanted, "2022-01", "2022-02").keys()
