"""What a killed process leaves is swept by the next one, never what a living one uses; memory is bounded."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from drg_pipeline import files, process
from drg_pipeline.assets.instance import open_instance
from drg_pipeline.duck import allowed_memory, connect
from drg_pipeline.files import (
    ABANDONED_AFTER_SECONDS,
    KEPT,
    SCRATCH,
    appearing,
    spill_folder,
    sweep_tree,
    work_folder,
)
from drg_pipeline.lake.store import PART
from drg_pipeline.process import bounded, own_name, owner_is_gone
from drg_pipeline.settings import PROJECT

WAITS = """
import sys, time
from pathlib import Path
from drg_pipeline.files import appearing, spill_folder, work_folder
place = Path(sys.argv[1])
with work_folder(place) as folder, appearing(place / "part.parquet") as aside:
    (folder / "link").write_text("x")
    aside.write_text("x")
    spill = spill_folder(place / ".spill")
    spill.mkdir()
    (spill / "duckdb_temp_storage_DEFAULT-0.tmp").write_text("x")
    print("ready", flush=True)
    time.sleep(600)
"""


@contextmanager
def at_work(place: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that has a folder, a file and something spilled, and waits; killed at the end."""
    child = subprocess.Popen(
        [sys.executable, "-c", WAITS, place], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert child.stdout is not None and child.stdout.readline() == "ready\n"
        yield child
    finally:
        child.kill()
        child.wait()
        child.stdout.close()


def left(place: Path) -> list[str]:
    """What is there of its folder, its file and its spilled rows."""
    there = [path.name for path in (*place.iterdir(), *(place / ".spill").glob("*"))]
    return sorted(name for name in there if name not in (".spill", "part.parquet"))


def use(place: Path) -> None:
    """The place as the next command uses it."""
    with work_folder(place), appearing(place / "part.parquet") as aside:
        aside.write_text("y")
        spill_folder(place / ".spill")


def test_the_next_command_sweeps_what_a_killed_one_has_left(tmp_path: Path) -> None:
    with at_work(tmp_path) as child:
        assert len(left(tmp_path)) == 3
        use(tmp_path)
        assert len(left(tmp_path)) == 3, "its process lives"
        os.kill(child.pid, signal.SIGSTOP)
        use(tmp_path)
        assert len(left(tmp_path)) == 3, "it is stopped, and lives"
        child.kill()
        time.sleep(0.5)
        use(tmp_path)
        assert left(tmp_path) == [], "it is dead, though nobody has buried it"
    assert (tmp_path / "part.parquet").read_text() == "y"


def test_a_lake_is_swept_when_it_is_opened(tmp_path: Path) -> None:
    folder = tmp_path / "lake" / "jiyuan" / "pricing" / "case_point" / "month=2025-01"
    folder.mkdir(parents=True)
    landing = tmp_path / "lake" / "jiyuan" / "landing"
    living = folder / f"{PART}.{own_name()}-1.tmp"
    dead = own_name().replace(f"-{os.getpid()}-", "-4194305-")
    for path in (folder / PART, living, folder / f"{PART}.{dead}-1.tmp", folder / "note.txt"):
        path.touch()
    (landing / f"abc.{dead}-1.tmp").mkdir(parents=True)
    (landing / f"abc.{dead}-1.tmp" / PART).touch()
    open_instance(tmp_path / "lake").dispose()
    assert sorted(path.name for path in folder.iterdir()) == sorted(["note.txt", PART, living.name])
    assert list(landing.iterdir()) == []


def test_whose_process_nobody_can_tell_stays_a_day(tmp_path: Path) -> None:
    foreign = f"{'0' * 12}-1-1-x"
    for name in (f"a.{foreign}.tmp", "a.1.dead.tmp"):
        path = tmp_path / name
        path.touch()
        sweep_tree(tmp_path)
        assert path.exists()
        old = time.time() - ABANDONED_AFTER_SECONDS - 60
        os.utime(path, (old, old))
        sweep_tree(tmp_path)
        assert not path.exists()
    folder = tmp_path / f"{SCRATCH}{foreign}"
    folder.mkdir()
    os.utime(folder, (old, old))
    use(tmp_path)
    assert folder.exists(), "of another machine: it may be at work for days"


def test_what_is_kept_or_another_users_is_not_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with work_folder(tmp_path, keep=True) as kept:
        pass
    assert kept.name.startswith(KEPT)
    dead = tmp_path / f"{SCRATCH}{own_name().replace(f'-{os.getpid()}-', '-4194305-')}-1"
    dead.mkdir()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "x").touch()
    link = tmp_path / f"{dead.name}2"
    link.symlink_to(elsewhere)
    with monkeypatch.context() as patched:
        patched.setattr(os, "geteuid", lambda: 12345)
        use(tmp_path)
    assert dead.exists() and kept.exists()
    use(tmp_path)
    assert kept.exists() and not dead.exists() and not link.is_symlink() and (elsewhere / "x").exists()


def test_a_process_is_known_by_number_and_start(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = f"{own_name()}-x"
    assert owner_is_gone(mine) is False
    machine, pid, began = own_name().split("-")
    assert owner_is_gone(f"{machine}-{pid}-{int(began) + 1}-x") is True, "another got its number"
    assert owner_is_gone(f"{machine}-4194305-{began}-x") is True
    assert owner_is_gone(f"{machine}-{10**30}-{began}-x") is True
    for name in ("", "x", f"{machine}-0-1-x", f"{'f' * 12}-{pid}-{began}-x", machine, own_name()):
        assert owner_is_gone(name) is None
    monkeypatch.setattr(process, "fields_of", lambda pid: None)
    assert owner_is_gone(f"{own_name()}-x") is False, "a system that tells no start"


def test_connections_side_by_side_spill_apart(tmp_path: Path) -> None:
    """Two that spilled into one folder wrote into each other's files, and the process ended."""
    sorted_rows = "select count(*), sum(hash(s)) from (select s from t order by s)"
    with (
        closing(connect(threads=1, memory_limit="60MB", spill=spill_folder(tmp_path))) as one,
        closing(connect(threads=1, memory_limit="60MB", spill=spill_folder(tmp_path))) as other,
    ):
        for con in (one, other):
            con.execute(
                "create table t as select md5(i::varchar) || repeat('y', 60) as s from range(900000) as r(i)"
            )
        assert len(list(tmp_path.iterdir())) == 2
        assert one.execute(sorted_rows).fetchall() == other.execute(sorted_rows).fetchall()
    assert list(tmp_path.iterdir()) == []


def test_what_is_allowed_is_told_in_bytes() -> None:
    with closing(connect(threads=3, memory_limit="512MiB")) as con:
        assert allowed_memory(con) == (512 * 1024**2, 3)
    with closing(connect()) as con:
        assert allowed_memory(con)[0] > 10**8


def test_a_block_is_bounded_and_then_no_more() -> None:
    with bounded(200 * 1024**2):
        small = bytearray(20 * 1024**2)
        with pytest.raises(MemoryError):
            bytearray(2 * 1024**3)
        with bounded(10**12), pytest.raises(MemoryError):
            bytearray(2 * 1024**3)
    assert len(small) + len(bytearray(300 * 1024**2)) > 300 * 1024**2


def test_the_place_of_a_file_is_its_own(tmp_path: Path) -> None:
    names = {files.temporary(tmp_path / "a").name for _ in range(20)}
    assert len(names) == 20 and all(name.startswith("a.") and name.endswith(".tmp") for name in names)
