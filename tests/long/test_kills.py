"""Kill -9 at random moments of a backfill: what is published is always whole, and in the end it is the same.

Twelve months of settlement and twelve of history are computed from nothing by the daemon, two runs at a time, again
and again while runs are killed. At some moments everything is killed at once (daemon, code server, runs), as when a
machine goes down. DRG_KILLS says how many kills (50), DRG_SEED which random moments.
"""

from __future__ import annotations

import fcntl
import os
import random
import re
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support import regions
from support.daemon import daemon, wait_for
from support.faults.tally import SEED, Tally, asked
from support.periods import month_texts
from support.regions import Published
from support.web import Run, Web, web_server

from drg_pipeline.assets.instance import open_instance

LANES = {"months": "2025", "history": "2023"}
# Of so many kills one takes the whole machine down.
MACHINE_EVERY = 10
LONGEST_WAIT_SECONDS = 30.0
LANE_SECONDS = 1200
LOST_AFTER_SECONDS = 60.0
TEMPORARY = re.compile(r"part\.parquet\.(\d+)\.[0-9a-f]{8}\.tmp")


@dataclass
class Kills:
    """A lake on which runs are killed, and how it went."""

    folder: Path
    chance: random.Random
    wanted: int
    running: ExitStack = field(default_factory=ExitStack)
    machine: ExitStack = field(default_factory=ExitStack)
    launched: dict[str, float] = field(default_factory=dict)
    read: set[Published] = field(default_factory=set)
    told: list[str] = field(default_factory=list)
    whole: int = 0
    lost: int = 0

    def boot(self) -> None:
        self.machine.enter_context(daemon(self.folder))

    # -- what runs -----------------------------------------------------------------------------

    def runs(self, web: Web, lane: str) -> list[Run]:
        """The runs since a lane's backfill was launched, also those in the place of killed ones; the last first."""
        since = self.launched.get(lane)
        return [run for run in web.runs(lane, limit=60) if since is not None and run.created >= since]

    def keep_busy(self, web: Web) -> None:
        """Launch from nothing what was done, and from where it was killed what has used up its retries."""
        for lane, year in LANES.items():
            runs = self.runs(web, lane)
            if lane in self.launched and (not runs or runs[0].ended is None):
                continue
            if not runs or runs[0].status == "SUCCESS":
                self.whole += bool(runs)
                regions.remove_months(self.folder, month_texts(year))
                self.launched[lane] = time.time()
                web.launch_backfill(lane, month_texts(year))
            else:
                self.go_on(web, runs[0])

    def go_on(self, web: Web, run: Run) -> None:
        """Re-execute a run from its failure, if the daemon does not.

        The daemon lets a retry fall when the backfill is closed in the seconds before it.
        """
        if run.status != "FAILURE" or run.ended is None:
            return
        lost = run.tags.get("dagster/will_retry") == "true" and time.time() - run.ended > LOST_AFTER_SECONDS
        self.lost += lost
        if lost or run.tags.get("dagster/will_retry") == "false":
            web.again(run.id, "FROM_FAILURE")

    def at_work(self, web: Web) -> dict[int, str]:
        """process -> what it is at, of the runs that are started."""
        found = {}
        for lane in LANES:
            for run in self.runs(web, lane)[:1]:
                pid = web.process(run.id) if run.status == "STARTED" else None
                if pid is not None:
                    steps = [step for step, status in web.steps(run.id).items() if status == "IN_PROGRESS"]
                    found[pid] = f"{lane} {run.id[:8]} at {', '.join(steps) or 'no table'}"
        return found

    # -- killing -------------------------------------------------------------------------------

    def kill_one(self, web: Web) -> bool:
        at_work = {pid: what for pid, what in self.at_work(web).items() if is_there(pid)}
        if not at_work:
            return False
        number = len(self.told) + 1
        if number % MACHINE_EVERY == 0:
            kill_group(self.folder)
            self.machine.close()
            self.told.append(f"everything: {'; '.join(at_work.values())}")
            self.boot()
            return True
        pid = self.chance.choice(sorted(at_work))
        os.kill(pid, signal.SIGKILL)
        self.told.append(at_work[pid])
        return True

    def look(self) -> None:
        """Every file that is published reads whole, whatever was killed."""
        self.read |= regions.read_whole(self.folder, self.read).keys()


def is_there(pid: int) -> bool:
    return Path(f"/proc/{pid}").is_dir()


def kill_group(folder: Path) -> None:
    """Kill the lake's daemon with its code server and its runs; the web server stands elsewhere."""
    mark = f"DRG_LAKE={folder / 'lake'}".encode()
    for process in Path("/proc").iterdir():
        try:
            ours = process.name.isdigit() and mark in (process / "environ").read_bytes().split(b"\0")
            group = os.getpgid(int(process.name)) if ours else None
            is_daemon = ours and b"dagster._daemon" in (process / "cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError):
            continue
        if group and is_daemon:
            os.killpg(group, signal.SIGKILL)
            return


@pytest.fixture(scope="module")
def kills(year: Path, tmp_path_factory: pytest.TempPathFactory, tally: Tally) -> Iterator[Kills]:
    """The lake after the kills, when all that was launched has come to its end."""
    if not Path("/proc/self/environ").is_file():
        pytest.skip("processes are found by /proc, and there is none")
    seed, wanted = SEED, asked("DRG_KILLS", 50)
    folder = tmp_path_factory.mktemp("kills")
    regions.copy(year, folder)
    shutil.rmtree(regions.lake_of(folder) / "clearing")
    open_instance(folder / "lake")
    made = Kills(folder, random.Random(seed), wanted)
    with made.running, made.machine:
        web = made.running.enter_context(web_server(folder))
        made.boot()
        began = time.monotonic()
        while len(made.told) < wanted:
            made.keep_busy(web)
            time.sleep(made.chance.uniform(0.2, LONGEST_WAIT_SECONDS))
            if made.kill_one(web):
                tally.add("killed under the daemon", made.told[-1].split(" ")[0].rstrip(":"), "killed")
                print(
                    f"seed {seed}, {time.monotonic() - began:.0f} s, kill {len(made.told)}: {made.told[-1]}"
                )
                made.look()
        finish(made, web)
        print(
            f"{wanted} kills in {time.monotonic() - began:.0f} s, the rerun with them; {made.whole} backfills "
            f"came to their end beside them, {made.lost} retries were not made by the daemon"
        )
        yield made


def finish(made: Kills, web: Web) -> None:
    """The rerun: what was killed and has used up its retries is executed again, until all is done."""

    def done() -> bool:
        last = [runs[0] for lane in LANES if (runs := made.runs(web, lane))]
        for run in last:
            made.go_on(web, run)
        return [run.status for run in last] == ["SUCCESS"] * len(LANES)

    said = made.folder / "daemon.log"
    wait_for(done, LANE_SECONDS, "the last run of each backfill", said)
    wait_for(lambda: all(run.ended is not None for run in web.runs()), 300, "the end of every run", said)


def test_every_digest_is_that_of_an_undisturbed_run(kills: Kills, year: Path) -> None:
    wanted = {
        place: digest for place, digest in regions.digests(year).items() if not place.startswith("clearing/")
    }
    assert regions.digests(kills.folder) == wanted
    assert len(kills.told) == kills.wanted
    kills.look()


def test_kills_left_at_most_temporaries_of_the_dead(kills: Kills) -> None:
    """They are removed a day later, when somebody writes beside them; no reader sees them."""
    left = list(regions.lake_of(kills.folder).rglob("*.tmp"))
    print(f"{len(left)} temporaries are left")
    for path in left:
        named = TEMPORARY.fullmatch(path.name)
        assert named and not is_there(int(named[1])), path
    assert len(left) <= len(kills.told) * len(month_texts("2025"))


def test_no_lock_is_held(kills: Kills) -> None:
    for path in (regions.lake_of(kills.folder) / ".locks").iterdir():
        with open(path, "w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
