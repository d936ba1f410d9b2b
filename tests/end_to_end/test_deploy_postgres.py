"""The deployment of `deploy/`: PostgreSQL, a code server and a daemon as processes of their own run a month.

Skips, saying so, where PostgreSQL's programs or the extra `deploy` are not installed.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from support import regions
from support.daemon import daemon, environment_of, started, wait_for

from drg_pipeline.assets.instance import open_instance
from drg_pipeline.assets.operations import CHAIN, LINK
from drg_pipeline.settings import PROJECT

DEPLOY = PROJECT / "deploy"
URL = "DRG_POSTGRES_URL"


def program(name: str) -> str | None:
    """A program of PostgreSQL, also where it is not on the path."""
    there = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    return shutil.which(name) or next((str(path) for path in there), None)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL that is there for these tests only."""
    pytest.importorskip("dagster_postgres", reason="the extra `deploy` (dagster-postgres) is not installed")
    initdb, server = program("initdb"), program("postgres")
    if not initdb or not server:
        pytest.skip("PostgreSQL is not installed: neither initdb nor postgres is found")
    # PostgreSQL does not run as root; its folder is then its own user's.
    user = None
    if os.geteuid() == 0:
        try:
            user = pwd.getpwnam("postgres").pw_name
        except KeyError:
            pytest.skip("PostgreSQL does not run as root, and there is no user postgres")
    folder = Path(tempfile.mkdtemp(prefix="drg-postgres-"))
    if user:
        shutil.chown(folder, user)
    port, data = free_port(), folder / "data"
    try:
        quiet = {"stdout": subprocess.DEVNULL, "cwd": folder, "user": user}
        command = [initdb, "-D", str(data), "-A", "trust", "-U", "dagster", "--no-sync"]
        subprocess.run(command, check=True, timeout=60, **quiet)  # type: ignore[call-overload]
        command = [server, "-D", str(data), "-h", "127.0.0.1", "-p", str(port), "-k", str(folder), "-F"]
        with open(folder / "log", "w") as log:
            child = subprocess.Popen(command, cwd=folder, user=user, stdout=log, stderr=log)
        try:
            wait_for(lambda: listens(port), 30, "PostgreSQL", folder / "log")
            yield f"postgresql+psycopg2://dagster@127.0.0.1:{port}/postgres"
        finally:
            child.send_signal(signal.SIGINT)
            child.wait(timeout=30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def year(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cleared year of the example region; read only."""
    return regions.shared(tmp_path_factory, "year", regions.example_year(samples))


def test_a_month_runs_on_postgresql(
    postgres: str, year: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    regions.copy(year, tmp_path)
    shutil.rmtree(tmp_path / "lake" / ".dagster")
    before = regions.digests(tmp_path)
    regions.remove_months(tmp_path, ["2025-03"], ["pricing", "settlement"])
    home = tmp_path / "lake" / ".dagster"
    home.mkdir()
    shutil.copy2(DEPLOY / "dagster.yaml", home / "dagster.yaml")
    monkeypatch.setenv(URL, postgres)
    instance = open_instance(tmp_path / "lake")
    assert type(instance.run_storage).__name__ == "PostgresRunStorage"

    port = free_port()
    code = {"DRG_CODE_HOST": "127.0.0.1", "DRG_CODE_PORT": str(port)}
    workspace = str(DEPLOY / "workspace.yaml")
    with contextlib.ExitStack() as stack:
        serve = ["code-server", "start", "-m", "drg_pipeline.definitions", "-h", "127.0.0.1", "-p", str(port)]
        served = stack.enter_context(started(tmp_path, "code", ["dagster", *serve]))
        wait_for(lambda: listens(port), 60, "the code server", served)
        said = stack.enter_context(daemon(tmp_path, ["-w", workspace], **code))
        launch = ["job", "launch", "-w", workspace, "-j", f"{regions.NAME}_month"]
        launch += ["--tags", '{"dagster/partition": "2025-03"}']
        subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "dagster", *launch],
            env=environment_of(tmp_path) | code,
            cwd=PROJECT,
            check=True,
            timeout=120,
        )

        def months() -> list[dg.DagsterRun]:
            return list(instance.get_runs(dg.RunsFilter(job_name=f"{regions.NAME}_months")))

        wait_for(lambda: any(run.is_finished for run in months()), 240, "the month's run", said)
    (month,) = months()
    assert month.is_success
    (first,) = instance.get_runs(dg.RunsFilter(job_name=f"{regions.NAME}_month"))
    assert month.tags[CHAIN] == first.run_id[:8] and month.tags[LINK] == "2"
    queued = instance.get_records_for_run(month.run_id, of_type=dg.DagsterEventType.PIPELINE_ENQUEUED).records
    assert len(queued) == 1
    assert regions.digests(tmp_path) == before
