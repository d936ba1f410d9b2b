"""Several processes on one lake at once, and a process that is killed: what is published is always whole."""

from __future__ import annotations

import random
import signal
from contextlib import ExitStack, closing
from pathlib import Path

import duckdb
import pytest

from drg_pipeline.lake.periods import months_between
from support import regions

WHOLE_YEAR = months_between("2025-01", "2025-12")
SEED = 20250331


@pytest.fixture(scope="module")
def year(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The region with its cleared year: what one process after the other has made of it; read only."""
    return regions.shared(tmp_path_factory, "year", regions.example_year(samples))


@pytest.fixture
def before_the_year(year: Path, tmp_path: Path) -> Path:
    """A copy with history and calibration, in which no month of the year was ever run."""
    regions.copy(year, tmp_path)
    regions.remove_months(tmp_path, WHOLE_YEAR)
    return tmp_path


def of_months(digests: dict[str, str], *months: str) -> dict[str, str]:
    return {place: digest for place, digest in digests.items() if place.rsplit("=", 1)[-1] in months}


def computed(digests: dict[str, str]) -> dict[str, str]:
    return {place: digest for place, digest in digests.items() if not place.startswith("policy/")}


def test_two_run_months_while_a_third_reads(before_the_year: Path, year: Path, tmp_path: Path) -> None:
    stop = tmp_path / "stop"
    with ExitStack() as stack:
        reader = stack.enter_context(regions.process("read", before_the_year, stop))
        both = [
            stack.enter_context(regions.process("months", before_the_year, months))
            for months in ("2025-01", "2025-02")
        ]
        for child in both:
            regions.finish(child)
        stop.touch()
        reads = int(regions.finish(reader).split()[-1])
    assert reads > 3
    found, wanted = regions.digests(before_the_year), regions.digests(year)
    assert computed(of_months(found, "2025-01", "2025-02")) == computed(
        of_months(wanted, "2025-01", "2025-02")
    )
    assert found == {place: wanted[place] for place in found}
    assert list(regions.lake_of(before_the_year).rglob("*.tmp")) == []


def test_two_start_on_a_fresh_lake(samples: Path, year: Path, tmp_path: Path) -> None:
    """Both make the key and the instance, take in the same deliveries and compute the same history."""
    regions.give(samples / "examples" / "region-1", tmp_path)
    with ExitStack() as stack:
        both = [
            stack.enter_context(regions.process("from_nothing", tmp_path, months))
            for months in ("2025-01", "2025-01..2025-02")
        ]
        for child in both:
            regions.finish(child)
    found, wanted = regions.digests(tmp_path), regions.digests(year)
    differing = {place for place, digest in found.items() if wanted[place] != digest}
    assert differing == set()
    assert of_months(found, "2025-01", "2025-02", "2025") == of_months(wanted, "2025-01", "2025-02", "2025")


def readable(folder: Path) -> int:
    """Read every published file whole; the number of rows of all of them."""
    rows = 0
    with closing(duckdb.connect()) as con:
        for path in regions.lake_of(folder).rglob("part.parquet"):
            (found,) = con.execute(
                f"select count(t) from read_parquet('{path}', hive_partitioning = false) as t"
            ).fetchall()
            rows += int(found[0])
    return rows


def test_a_killed_run_leaves_whole_files_and_the_next_one_goes_on(before_the_year: Path, year: Path) -> None:
    chance = random.Random(SEED)
    for way in ("settle", "months", "settle"):
        with regions.process(way, before_the_year, "2025-01..2025-02") as child:
            assert child.stdout is not None
            # It says each table that is done; it is killed while it works on one of the next.
            for _ in range(chance.randint(1, 20)):
                assert child.stdout.readline()
            with pytest.raises(regions.subprocess.TimeoutExpired):
                child.wait(timeout=chance.uniform(0.0, 0.4))
            child.kill()
            assert child.wait() == -signal.SIGKILL
        assert readable(before_the_year) > 0
    with regions.process("months", before_the_year, "2025-01..2025-02") as child:
        regions.finish(child)
    found, wanted = regions.digests(before_the_year), regions.digests(year)
    assert computed(of_months(found, "2025-01", "2025-02")) == computed(of_months(wanted, "2025-01", "2025-02"))
    assert found == {place: wanted[place] for place in found}
