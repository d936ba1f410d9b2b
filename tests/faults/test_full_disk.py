"""A disk that takes no more, whoever writes: Python, DuckDB or SQLite.

A limit of the system on a file's size refuses all of them alike. Where a small file system may be made, it is really
full; where a C compiler is, single operations of the C library are refused, or are the last that a program does.
"""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.faults import native
from support.faults.host import Host, host
from support.faults.native import KILL
from support.faults.tally import SEED, Tally, asked
from support.faults.trial import Came, Undisturbed, check, tried, undisturbed

Known = Callable[[str, str], Undisturbed]
PROGRAMS = [
    ("closings", "close"),
    ("closings", "reopen"),
    ("closings", "compute"),
    ("lake", "export"),
    ("lake", "replace scheme"),
    ("inbox", "take in"),
    ("inbox", "open event log"),
]
# Less than a small Parquet file and a page of SQLite.
LIMITS = (600,)
KILLS = asked("DRG_KILLS", 0)
OPERATIONS = 2
REFUSALS = ("ENOSPC", "EIO", "EACCES", "EROFS", "EDQUOT")


@pytest.mark.parametrize(("world", "program"), PROGRAMS)
def test_a_file_that_may_not_grow_is_told_of(
    hosts: Callable[[str], Host], known: Known, tally: Tally, world: str, program: str
) -> None:
    wrong = []
    for limit in LIMITS:
        came = tried(hosts(world), known(world, program), f"{program}: {limit} bytes a file", limit=limit)
        tally.came("file of limited size", program, came)
        wrong += [came] if came.wrong else []
    check(wrong)


def test_a_run_whose_event_log_may_not_grow_is_told_of(
    hosts: Callable[[str], Host], known: Known, tally: Tally
) -> None:
    """The command that an operator starts, with Dagster's records in SQLite."""
    if not KILLS:
        pytest.skip("a whole run takes long: DRG_KILLS asks for it")
    for limit in (4096, 16 * 1024, 64 * 1024):
        came = tried(hosts("inbox"), known("inbox", "run"), f"run: {limit} bytes a file", limit=limit)
        tally.came("file of limited size", "run", came)
        check([came] if came.wrong else [])


# -- a small file system ------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """Makes a file system of so many kB; skipped where that is not allowed."""
    made: list[Path] = []

    def make(size: int) -> Path:
        folder = tmp_path / f"disk{len(made)}"
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", str(folder)]
        if os.geteuid() or subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("a small file system cannot be mounted here: it takes root, outside of a container")
        made.append(folder)
        return folder

    yield make
    for folder in made:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("program", ["close", "compute"])
def test_a_disk_that_is_full_is_told_of(
    small_disk: Callable[[int], Path], tally: Tally, tmp_path: Path, program: str
) -> None:
    """Filled up but for a few kB, and emptied again."""
    disk = small_disk(8 * 1024)
    wrong = []
    with host("closings", disk) as on_disk:
        whole = undisturbed(on_disk, program)
        for room in (0, 8):
            came = tried(on_disk, whole, f"{program}: {room} kB are left", room=room)
            tally.came("disk that is full", program, came)
            wrong += [came] if came.wrong else []
    check(wrong)


# -- single operations of the C library ---------------------------------------------------------


@pytest.fixture(scope="module")
def native_hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Host]]:
    from contextlib import ExitStack
    from functools import cache

    folder = tmp_path_factory.mktemp("native")
    made = native.library(folder)

    def started(world: str) -> Host:
        place = folder / world
        place.mkdir()
        return running.enter_context(host(world, place, LD_PRELOAD=str(made)))

    with ExitStack() as running:
        yield cache(started)


@pytest.mark.parametrize("reads", [False, True], ids=["writing", "reading"])
@pytest.mark.parametrize(
    ("world", "program"), [("closings", "compute"), ("closings", "close"), ("inbox", "run")]
)
def test_an_operation_of_the_c_library_is_refused_or_the_last(
    native_hosts: Callable[[str], Host], tally: Tally, world: str, program: str, reads: bool
) -> None:
    if program == "run" and not KILLS:
        pytest.skip("a whole run, again and again, takes long: DRG_KILLS says how many")
    on = native_hosts(world)
    whole = undisturbed(on, program)
    count, chance = on.operations(program, reads=reads), random.Random(f"{SEED} {program} {reads}")
    wrong: list[Came] = []
    for _ in range(KILLS or OPERATIONS):
        action = chance.choice(("EIO", "EACCES") if reads else (KILL, KILL, *REFUSALS))
        number, for_good = chance.randint(1, count), action in ("ENOSPC", "EDQUOT")
        order = {
            "world": str(on.world),
            "number": number,
            "action": action,
            "for_good": for_good,
            "reads": reads,
        }
        came = tried(on, whole, f"{program}: {action} at operation {number} of {count}", native=order)
        tally.came("C library: reading" if reads else "C library: writing", program, came)
        wrong += [came] if came.wrong else []
    check(wrong)


@pytest.mark.parametrize(("world", "program"), PROGRAMS)
def test_killed_at_a_random_moment_it_leaves_what_was_or_what_is_new(
    hosts: Callable[[str], Host], known: Known, tally: Tally, world: str, program: str
) -> None:
    on, whole, chance = hosts(world), known(world, program), random.Random(f"{SEED} {program} moments")
    wrong: list[Came] = []
    for _ in range(KILLS or 1):
        moment = chance.uniform(0.001, max(whole.seconds, 0.01))
        came = tried(on, whole, f"{program}: killed after {moment:.3f} s", kill_after=moment)
        tally.came("killed at a random moment", program, came)
        wrong += [came] if came.wrong else []
    check(wrong)
