"""A disk that is full or fails, rights that lack and memory that does not suffice are told as that."""

from __future__ import annotations

import errno
import os
import resource
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
import sqlalchemy
from support.command import Drg, named

from drg_pipeline import disk
from drg_pipeline.duck import connect
from drg_pipeline.errors import DrgError
from drg_pipeline.files import appearing
from drg_pipeline.settings import PROJECT


def harmless(text: str) -> bool:
    return all(line.isprintable() for line in text.splitlines())


def told(error: BaseException) -> str:
    found = disk.refused(error)
    assert found is not None and found.exit_code == 1
    chinese = disk.trouble(error).text("zh")  # type: ignore[union-attr]
    assert "此前已发布的数据保持不变" in chinese and harmless(chinese)
    told = found.message()
    assert "What was published before stands as it was." in told and harmless(told)
    return told


def behind(error: BaseException) -> RuntimeError:
    """An error of an engine that another one caused."""
    try:
        try:
            raise error
        except BaseException as cause:
            raise RuntimeError("step failed") from cause
    except RuntimeError as engine:
        return engine


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_no_room(number: int) -> None:
    words = os.strerror(number)
    said = [
        told(OSError(number, words, "/lake/a")),
        told(behind(OSError(number, words, b"/lake/a"))),
        told(behind(duckdb.IOException(f'IO Error: Could not write file "/lake/a": {words}'))),
    ]
    for each in said:
        assert each.startswith(f"There is no room to write /lake/a: {words}.") and "Make room there" in each
    assert "a file that the system does not name" in told(OSError(number, words))


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM, errno.EROFS])
def test_no_right(number: int) -> None:
    assert told(OSError(number, os.strerror(number), "/lake/a")).startswith(
        "There is no right to use /lake/a:"
    )
    words = duckdb.IOException(f'IO Error: Cannot open file "/lake/a": {os.strerror(number)}')
    assert told(words).startswith("There is no right to use /lake/a:")


def test_a_disk_that_fails() -> None:
    assert told(OSError(errno.EIO, os.strerror(errno.EIO), "/lake/a")).startswith(
        "The disk or network folder"
    )
    words = duckdb.IOException(f'IO Error: Could not read from file "/lake/a": {os.strerror(errno.EIO)}')
    assert "failed at /lake/a" in told(words)


def test_a_name_from_outside_is_told_harmless() -> None:
    assert "\x1b" not in told(OSError(errno.ENOSPC, "x", "/lake/a\x1b[2J"))
    assert "\\udcc8" in told(OSError(errno.ENOSPC, "x", b"/lake/\xc8"))


@pytest.mark.parametrize(
    "error",
    [
        *(ValueError("x"), FileNotFoundError(errno.ENOENT, "x", "a"), OSError("No space left on device")),
        *(duckdb.BinderException("No space left on device"), duckdb.IOException("IO Error: No files found")),
        *(sqlite3.IntegrityError("disk I/O error"), behind(DrgError("no room")), KeyboardInterrupt()),
    ],
)
def test_what_is_something_else_stays_what_it_is(error: BaseException) -> None:
    assert disk.refused(error) is None and disk.refused(None) is None


def test_causes_that_go_round_end() -> None:
    one, other = ValueError("1"), ValueError("2")
    one.__cause__, other.__cause__ = other, one
    assert disk.refused(one) is None


@pytest.fixture
def small_files() -> object:
    """No file of this process may grow beyond 100 kB, which comes out as a full disk does."""
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.getsignal(signal.SIGXFSZ)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    yield None
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.usefixtures("small_files")
def test_whoever_writes_the_place_is_told(tmp_path: Path) -> None:
    with pytest.raises(OSError) as plain, appearing(tmp_path / "page.html") as aside:
        aside.write_bytes(bytes(200_000))
    assert f"write {tmp_path / 'page.html'}: File too large" in told(plain.value)
    assert not list(tmp_path.iterdir())

    with pytest.raises(duckdb.Error) as rows:
        connect().execute(f"copy (select random() from range(1000000)) to '{tmp_path / 'a.parquet'}'")
    assert f"write {tmp_path / 'a.parquet'}: File too large" in told(rows.value)

    spilled = "select r from (select random() as r, repeat('x', 100) as s from range(5000000)) order by s, r"
    with pytest.raises(duckdb.Error) as spill:
        connect(threads=1, memory_limit="50MB", spill=tmp_path / "spill").execute(spilled).fetchone()
    assert f"write {tmp_path / 'spill'}/" in told(spill.value)

    engine = sqlalchemy.create_engine(f"sqlite:///{tmp_path / 'runs.db'}")
    with pytest.raises(sqlalchemy.exc.OperationalError) as records, engine.begin() as con:
        con.execute(sqlalchemy.text("create table a as select zeroblob(300000)"))
    assert "Dagster's records (.dagster in the lake)" in told(records.value)


def test_memory_that_does_not_suffice() -> None:
    with pytest.raises(duckdb.Error) as stopped:
        connect(memory_limit="20MB", spill=Path("/nonexistent/spill")).execute(
            "select list(range) from range(10000000)"
        ).fetchone()
    assert "DRG_MEMORY_LIMIT" in told(stopped.value)


def test_a_run_on_a_full_disk_ends_without_a_traceback(tmp_path: Path) -> None:
    for name in ("inbox", "reference"):
        (tmp_path / name).mkdir()
    options = [str(part) for part in (*named(tmp_path), "--closings", tmp_path / "closings")]
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "drg_pipeline.cli", "run", "--months", "2025-01", *options],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (16_384, resource.RLIM_INFINITY)),
    )
    assert ended.returncode == 1 and "Traceback" not in ended.stderr and "Unexpected" not in ended.stderr
    assert "Dagster's records (.dagster in the lake)" in ended.stderr and "What was published" in ended.stderr


def test_a_lake_without_rights_is_told(drg: Drg, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*given: object, **more: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", "/lake/\u202ea")

    monkeypatch.setattr("drg_pipeline.lake.views.open_views", refuse)
    (tmp_path / "lake" / "jiyuan").mkdir(parents=True)
    ended = drg("sql", "select 1", "--lake", tmp_path / "lake")
    assert ended.code == 1 and "There is no right to use /lake/\\u202ea" in ended.err
