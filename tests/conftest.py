"""What several test folders share: the bench that runs models on small tables, and the sample region."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from support import regions
from support.command import Drg, command, small_region
from support.faults.tally import Tally
from support.harness import Bench

from drg_pipeline.sql.project import Project


@pytest.fixture(scope="session", autouse=True)
def complete_at_once() -> Iterator[None]:
    """Deliveries that a test has just written are complete; who tests the waiting says otherwise."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DRG_QUIET_SECONDS", "0")
        yield


@pytest.fixture(scope="session")
def benches(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Bench]:
    """The bench of a region; each is opened once."""
    return cache(lambda region: Bench(tmp_path_factory.mktemp("bench"), region))


@pytest.fixture(scope="session")
def bench(benches: Callable[[str], Bench]) -> Bench:
    """Runs models of the project on given tables, under the law of Jiyuan."""
    return benches("jiyuan")


@pytest.fixture(scope="session")
def whole(bench: Bench) -> Project:
    """Every file of the arithmetic, whatever methods a region follows and whatever law it is under."""
    return Project(bench.project.folder, bench.project.sources.values())


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of the shared samples; tests that need it skip, saying so, where it is not given."""
    folder = os.environ.get("DRG_SAMPLES")
    if not folder:
        pytest.skip("DRG_SAMPLES is not set: it names the folder with the shared samples")
    return Path(folder)


@pytest.fixture(scope="session")
def tally(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tally]:
    """What the tests of faults count; the table is printed when they have ended (seen with -s)."""
    base = tmp_path_factory.getbasetemp()
    counted = Tally((base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "faults.jsonl")
    yield counted
    print(f"\n{counted.write()}")


@pytest.fixture
def drg(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Drg:
    """The command, run in this process."""
    return command(capsys, monkeypatch)


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two months of a made-up region, one of them run; read only."""
    return regions.shared(tmp_path_factory, "small_cli", small_region)
