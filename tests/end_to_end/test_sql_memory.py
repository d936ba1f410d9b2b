"""`drg sql` takes about as much memory as it is given, and says so where a query takes more."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.command import Drg

from drg_pipeline.commands.sql import LONGEST_SHOWN
from drg_pipeline.files import SCRATCH
from drg_pipeline.settings import PROJECT


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A lake without tables."""
    (tmp_path / "lake" / "jiyuan").mkdir(parents=True)
    return tmp_path


def asked(folder: Path, query: str, *more: str, **env: str) -> subprocess.CompletedProcess[str]:
    """`drg sql` as a program of its own, with little memory."""
    lake = ["--lake", str(folder / "lake")]
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "drg_pipeline.cli", "sql", query, *lake, *more],
        cwd=PROJECT,
        env={
            **os.environ,
            "LANG": "C.UTF-8",
            "LC_ALL": "",
            "DRG_MEMORY_LIMIT": "60MB",
            "DRG_THREADS": "1",
            **env,
        },
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "query",
    [
        "select repeat('x', 1000000000) as a",
        "select length(repeat('x', 1000000000)) from range(4)",
        "select repeat('x', 10000000) from range(1000)",
        "select list(range) from range(50000000)",
        "select a.range, list(b.range) from range(100000) as a join range(100000) as b on a.range < b.range group by 1",
        "with recursive t as (select 1 as n, 'x' as s union all select n + 1, s || s from t where n < 40) "
        "select max(length(s)) from t",
        # DuckDB does not tell of this one: its process ends itself.
        "select histogram(range) from range(30000000)",
    ],
)  # fmt: skip
def test_a_query_that_takes_too_much_is_told_and_ends_nothing_else(small: Path, query: str) -> None:
    ended = asked(small, query)
    assert ended.returncode == 1 and ended.stdout == ""
    assert "The memory that was given does not suffice" in ended.stderr and "DRG_MEMORY_LIMIT" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_rows_are_written_as_they_come(small: Path, tmp_path: Path) -> None:
    ended = asked(
        small,
        "select range as n, repeat('x', 300) as s from range(1000000) order by s, n",
        *("--format", "csv"),
        TMPDIR=str(tmp_path),
        DRG_MEMORY_LIMIT="150MB",
    )
    assert ended.returncode == 0 and ended.stdout.count("\n") == 1_000_001
    assert not list(tmp_path.glob(f"{SCRATCH}*")), "what was spilled is gone"


def test_a_very_long_cell_is_cut_on_the_screen_and_whole_in_a_file(drg: Drg, small: Path) -> None:
    query = "select repeat('x', 2000000) as a, list_transform(range(9000), x -> x) as b"
    ended = drg("sql", query, "--lake", small / "lake")
    assert f"{'x' * LONGEST_SHOWN}… (2,000,000)" in ended.out and "x" * (LONGEST_SHOWN + 1) not in ended.out
    assert len(ended.out) < 5 * LONGEST_SHOWN
    assert drg("sql", query, "--lake", small / "lake", "--format", "csv").out.count("x") == 2_000_000


def test_the_program_ends_as_its_command_does(small: Path) -> None:
    assert asked(small, "select 1 as a", "--format", "csv").stdout.split() == ["a", "1"]
    assert asked(small, "select nothing").returncode == 2
    assert asked(small, "select error('stop')").returncode == 1


def test_it_is_told_in_chinese_too(small: Path) -> None:
    ended = asked(small, "select repeat('x', 1000000000)", LANG="zh_CN.UTF-8")
    assert ended.returncode == 1 and ended.stderr.startswith("未完成：内存不足")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("whole", [True, False])
def test_told_to_end_both_processes_end(
    small: Path, tmp_path: Path, number: int, code: int, whole: bool
) -> None:
    """`whole`: the signal reaches all of it, as a terminal's does, or only the one that was started."""
    query = "select count(*) from range(100000000) as a join range(100000000) as b on a.range < b.range"
    child = subprocess.Popen(
        [
            sys.executable,
            "-W",
            "ignore",
            "-m",
            "drg_pipeline.cli",
            "sql",
            query,
            "--lake",
            str(small / "lake"),
        ],
        cwd=PROJECT,
        env={**os.environ, "TMPDIR": str(tmp_path), "LANG": "C.UTF-8", "DRG_THREADS": "1"},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob(f"{SCRATCH}*")) and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(3)
    (os.killpg if whole else os.kill)(child.pid, number)
    _, said = child.communicate(timeout=60)
    assert child.returncode == code
    assert number != signal.SIGINT or "Interrupted" in said
    with pytest.raises(ProcessLookupError):
        os.killpg(child.pid, 0)
