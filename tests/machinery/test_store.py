"""Publishing is atomic: killed at any moment it leaves a whole version, the old one or the new; writers of
different partitions and readers do not disturb each other.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import closing
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path

import duckdb
import pytest
from support.periods import periods
from support.publisher import ROWS, TABLE, publish, publish_for_ever, version_there

from drg_pipeline.files import ABANDONED_AFTER_SECONDS
from drg_pipeline.lake.parquet import parquet
from drg_pipeline.lake.store import PART, Store, footer
from drg_pipeline.periods import WHOLE, Period

KILLS = 20


@pytest.fixture(scope="module")
def processes() -> Iterator[ForkServerContext]:
    """Processes that start with the pipeline imported and no database open."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["support.publisher"])
    yield context


def start(processes: ForkServerContext, root: Path, month: str, version: int = 1) -> BaseProcess:
    """A writer that has begun."""
    ready = processes.Event()
    writer = processes.Process(target=publish_for_ever, args=(root, month, version, ready))
    writer.start()
    assert ready.wait(30)
    return writer


def kill(writer: BaseProcess) -> None:
    assert writer.pid is not None
    os.kill(writer.pid, signal.SIGKILL)
    writer.join()
    assert writer.exitcode == -signal.SIGKILL


def test_killed_at_any_moment_a_partition_is_a_whole_version(
    tmp_path: Path, processes: ForkServerContext
) -> None:
    dice = random.Random(20250101)
    store = Store(tmp_path)
    with duckdb.connect() as con:
        publish(store, con, "2025-01", 0)
        begun = time.monotonic()
        publish(store, con, "2025-01", 1)
        pace = time.monotonic() - begun
    folder = store.file(TABLE, Period.of("2025-01")).parent
    last, advanced = 1, 0
    for number in range(1, KILLS + 1):
        before = set(folder.glob("*.tmp"))
        writer = start(processes, tmp_path, "2025-01", 1_000 * number)
        if number % 4:
            time.sleep(dice.uniform(0, 4 * pace))
        else:
            # A write is so quick that chance alone rarely meets one.
            while not set(folder.glob("*.tmp")) - before:
                assert writer.is_alive()
        kill(writer)
        now = version_there(tmp_path, "2025-01")
        assert now == last or now >= 1_000 * number
        advanced += now != last
        last = now
    assert list(store.partitions(TABLE, "month")) == periods("2025-01")
    assert {path.name for path in folder.iterdir() if path.suffix != ".tmp"} == {PART}
    # Both kinds of moments were met: before a publication and within a write that left its temporary.
    assert advanced > 0
    assert list(folder.glob("*.tmp"))


def test_writers_of_two_partitions_and_a_reader_do_not_disturb_each_other(
    tmp_path: Path, processes: ForkServerContext
) -> None:
    months = ["2025-01", "2025-02"]
    store = Store(tmp_path)
    with duckdb.connect() as con:
        for month in months:
            publish(store, con, month, 0)
    seen: dict[str, set[int]] = {month: set() for month in months}
    writers = [start(processes, tmp_path, month) for month in months]
    try:
        end = time.monotonic() + 30
        while time.monotonic() < end and any(len(versions) < 5 for versions in seen.values()):
            there = list(store.partitions(TABLE, "month").values())
            with duckdb.connect() as con:
                con.execute("set threads = 1")
                rows = con.execute(
                    f"select month, count(*), min(n), max(n) from {parquet(there)} "
                    "group by month order by month"
                ).fetchall()
            assert [(month, count) for month, count, _, _ in rows] == [(month, ROWS) for month in months]
            for month, _, low, high in rows:
                assert low == high
                seen[month].add(low)
    finally:
        for writer in writers:
            kill(writer)
    for month in months:
        assert len(seen[month]) >= 5, "the writer stood still"
        # What was read came in the order in which it was published.
        assert version_there(tmp_path, month) >= max(seen[month])


def test_a_temporary_is_never_read_and_goes_after_a_day(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with duckdb.connect() as con:
        publish(store, con, "2025-01", 1)
        target = store.file(TABLE, Period.of("2025-01"))
        abandoned, running = target.parent / f"{PART}.1.dead.tmp", target.parent / f"{PART}.2.busy.tmp"
        for path in (abandoned, running):
            path.write_bytes(b"half a file")
        other = store.folder(TABLE) / "month=2025-02"
        other.mkdir()
        (other / f"{PART}.3.dead.tmp").write_bytes(b"half a file")
        old = time.time() - ABANDONED_AFTER_SECONDS - 60
        os.utime(abandoned, (old, old))
        assert store.partitions(TABLE, "month") == {Period.of("2025-01"): target}
        publish(store, con, "2025-01", 2)
    assert version_there(tmp_path, "2025-01") == 2
    assert not abandoned.exists() and running.exists()


def test_a_partition_has_one_place(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert store.file("a.b", Period.of("2025-01")) == tmp_path / "a" / "b" / "month=2025-01" / PART
    assert store.file("a.b", WHOLE) == tmp_path / "a" / "b" / PART
    assert store.partitions("a.b", "month") == {} == store.partitions("a.b", "none")


def test_a_file_of_someone_else_carries_no_footer(tmp_path: Path) -> None:
    with duckdb.connect() as con:
        con.execute(f"copy (select 1 as a) to '{tmp_path / PART}' (format parquet)")
        assert footer(con, tmp_path / PART) is None


def test_what_is_written_reads_back_with_its_partition(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with closing(duckdb.connect()) as con:
        january = Period.of("2025-01")
        publish(store, con, "2025-01", 7)
        found = con.execute(f"describe select * from {parquet([store.file(TABLE, january)])}").fetchall()
        kept = footer(con, store.file(TABLE, january))
    assert sorted((name, kind) for name, kind, *_ in found) == [
        ("id", "INTEGER"),
        ("month", "VARCHAR"),
        ("n", "INTEGER"),
    ]
    assert kept is not None and (kept.code, kept.rows, kept.inputs) == ("7", ROWS, {})


def test_one_process_at_a_time_works_on_a_partition(tmp_path: Path, processes: ForkServerContext) -> None:
    ready, release = processes.Event(), processes.Event()
    holder = processes.Process(target=hold, args=(tmp_path, ready, release))
    holder.start()
    try:
        assert ready.wait(30)
        # Another partition is free, this one is not.
        assert not _waits(processes, tmp_path, "2025-02", 30)
        assert _waits(processes, tmp_path, "2025-01", 1)
        release.set()
        holder.join(30)
        assert not _waits(processes, tmp_path, "2025-01", 30)
    finally:
        holder.kill()
        holder.join()


def hold(root: Path, ready, release) -> None:  # type: ignore[no-untyped-def]
    with Store(root).alone("2025-01"):
        ready.set()
        release.wait(30)


def take(root: Path, month: str) -> None:
    with Store(root).alone(month):
        pass


def _waits(processes: ForkServerContext, root: Path, month: str, seconds: float) -> bool:
    """Whether a process that wants the partition is still waiting after so long."""
    asker = processes.Process(target=take, args=(root, month))
    asker.start()
    asker.join(seconds)
    waiting = asker.is_alive()
    asker.kill()
    asker.join()
    return waiting
